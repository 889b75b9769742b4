"""A file's kind from its first bytes, whatever its name says: a container of audio, or what else people have there."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is."""

    name: str
    """For people."""
    reader: str = ""
    """Which of this package's modules reads what it states; empty is none."""
    demuxer: str = ""
    """What FFmpeg calls it; empty is not to be given to it."""
    instead: str = ""
    """What would work, where it is no audio."""

    @property
    def is_audio(self) -> bool:
        """Whether it is a container that may hold audio."""
        return not self.instead


WAV = Kind("WAV", "riff", "wav")
MP3 = Kind("MP3", "mpeg", "mp3")
AAC = Kind("AAC", "adts", "aac")
MP4 = Kind("MP4", "mp4", "mov")
AIFF = Kind("AIFF", "aiff", "aiff")

_AUDIO = {
    b"RF64": WAV,
    b"BW64": WAV,
    b"RIFX": WAV,
    b"riff\x2e\x91\xcf\x11": Kind("W64", "w64", "w64"),
    b"fLaC": Kind("FLAC", "flac", "flac"),
    b"OggS": Kind("Ogg", "ogg", "ogg"),
    b".snd": Kind("AU", "au", "au"),
    b"dns.": Kind("AU", "au", ""),
    b"NIST_1A": Kind("NIST SPHERE", "nist", "nistsphere"),
    b"caff": Kind("CAF", "caf", "caf"),
    b"\x1a\x45\xdf\xa3": Kind("Matroska", "ebml", "matroska"),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": Kind("WMA", "asf", "asf"),
    b"#!AMR": Kind("AMR", "amr", "amr"),
    b"TTA1": Kind("TTA", "tta", "tta"),
    b"wvpk": Kind("WavPack", "wavpack", "wv"),
    b"MAC ": Kind("Monkey's Audio", "", "ape"),
    b"MPCK": Kind("Musepack", "", "mpc8"),
    b"MP+": Kind("Musepack", "", "mpc"),
    b"DSD ": Kind("DSF", "", "dsf"),
    b"ajkg": Kind("Shorten", "", "shn"),
    b"\x0b\x77": Kind("AC-3", "ac3", "ac3"),
    b"FLV\x01": Kind("FLV", "flv", "flv"),
    b".RMF": Kind("RealMedia", "", "rm"),
    b"Creative Voice": Kind("VOC", "voc", "voc"),
    b"\x00\x00\x01\xba": Kind("MPEG", "", "mpeg"),
}
"""First bytes of what holds audio."""

_FORMS = {
    (b"RIFF", b"WAVE"): WAV,
    (b"RIFF", b"AVI "): Kind("AVI", "avi", "avi"),
    (b"RIFF", b"QLCM"): Kind("QCP", "form", "qcp"),
    (b"FORM", b"AIFF"): AIFF,
    (b"FORM", b"AIFC"): AIFF,
    (b"FORM", b"8SVX"): Kind("8SVX", "form", "iff"),
    (b"FORM", b"16SV"): Kind("16SV", "form"),
}

_UNPACK = "unpack it and name the files in it"
_OTHERS = {
    b"version https://git-lfs": Kind("a Git-LFS pointer", instead="run `git lfs pull` where it was cloned"),
    b"PAR1": Kind("Parquet", instead="give --data the Parquet file itself"),
    b"ARROW1": Kind("an Arrow file", instead="give --data the data set's folder"),
    b"\x1f\x8b": Kind("gzip", instead=_UNPACK),
    b"PK\x03\x04": Kind("a zip archive", instead=_UNPACK),
    b"PK\x05\x06": Kind("an empty zip archive", instead="fetch it again"),
    b"BZh": Kind("bzip2", instead=_UNPACK),
    b"\xfd7zXZ\x00": Kind("xz", instead=_UNPACK),
    b"\x28\xb5\x2f\xfd": Kind("zstandard", instead=_UNPACK),
    b"7z\xbc\xaf\x27\x1c": Kind("a 7-Zip archive", instead=_UNPACK),
    b"Rar!": Kind("a RAR archive", instead=_UNPACK),
    b"%PDF": Kind("PDF", instead="name the recording"),
    b"\x89PNG": Kind("a PNG picture", instead="name the recording"),
    b"\xff\xd8\xff": Kind("a JPEG picture", instead="name the recording"),
    b"GIF8": Kind("a GIF picture", instead="name the recording"),
    b"\x7fELF": Kind("a program", instead="name the recording"),
    b"SQLite format 3": Kind("an SQLite data base", instead="name the recording"),
    b"\x93NUMPY": Kind("a NumPy array", instead="write it as WAV"),
    b"\x89HDF": Kind("HDF5", instead="write its samples as WAV"),
    b"\x00\x05\x16\x07": Kind("what macOS keeps beside a file (._)", instead="name the file without ._"),
}
"""First bytes of what people have in place of audio."""

EMPTY = Kind("an empty file", instead="fetch it again")
ZEROS = Kind("zero bytes only", instead="fetch it again: its download did not finish")
UNKNOWN = Kind("of no known kind", instead="convert it to WAV or FLAC")
_FETCH = "the address that it came from answered with that: check the address, sign in if need be, and fetch it again"
HTML = Kind("an HTML page", instead=_FETCH)
XML = Kind("XML", instead=_FETCH)
JSON = Kind("JSON", instead=_FETCH)
TEXT = Kind("text", instead="name the recording")
_PLAYLIST = Kind("a playlist", instead="name the recordings that it lists")

_TEXTS = (
    (rb"<(!doctype html|html|head|body|script)|<.*<html", HTML),
    (rb"<(\?xml|!doctype|!--|[a-z][\w:.-]*[\s/>])", XML),
    (rb"\{\s*[\"}]|\[\s*[\[{\"\d\]-]", JSON),
    (rb"#extm3u|\[playlist\]", _PLAYLIST),
)
"""Patterns, in small letters, that a text of a kind begins with."""

_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"}
_TS_PACKET = 188
_TS = Kind("MPEG-TS", "transport", "mpegts")


def recognize(head: bytes, size: int) -> Kind:
    """What begins with these bytes.

    Args:
        head: the first bytes, 4,096 where there are so many. An ID3 tag before them is to be left out.
        size: bytes of the whole.
    """
    if not size:
        return EMPTY
    found = _FORMS.get((head[:4], head[8:12])) or _AUDIO.get(head[:4]) or _beginning(head, _AUDIO)
    if found is not None or head[4:8] in _BOXES:
        return found or MP4
    if len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == 0x47:
        return _TS
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[:3] != b"\xff\xd8\xff":
        return _mpeg(head)
    late = head.lstrip(b"\0")  # MP3 may be filled up in front
    late_mp3 = MP3 if len(late) < len(head) and len(late) > 4 and late[0] == 0xFF and _mpeg(late) is MP3 else None
    return late_mp3 or _beginning(head, _OTHERS) or _text(head)


def _beginning(head: bytes, table: dict[bytes, Kind]) -> Kind | None:
    return next((kind for begin, kind in table.items() if head.startswith(begin)), None)


def _mpeg(head: bytes) -> Kind:
    """MPEG audio by its first frame: layer 0 is AAC in ADTS."""
    if head[1] & 0xF6 == 0xF0:
        return AAC
    if head[1] & 0x06 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C:
        return MP3
    return UNKNOWN


def _text(head: bytes) -> Kind:
    """Kinds of text, which may begin with a mark or blanks; else unknown."""
    if not head.strip(b"\0"):
        return ZEROS
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    low = plain[:512].lower()
    found = next((kind for pattern, kind in _TEXTS if re.match(pattern, low, re.DOTALL)), None)
    if found is not None:
        return found
    return TEXT if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; the last character may be cut."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
    return all(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
