"""Original releases as a source: tar, tar.gz, zip or an unpacked tree, read in place; nothing is written to the disk.

A tree, a plain tar and a zip can be read in any order; a tar.gz only from front to back, so its transcripts are read in
a first pass and its audio in a second, and no more than one member is in memory at a time.
"""

import os
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self, cast

from isal import igzip, isal_zlib

from benchmarks.dataset import ALL_FACTS, MISSHAPEN, Audio, NoCopyError, Request, Source, Utterances
from benchmarks.files import regular
from benchmarks.states import state_of_files
from harness.errors import DataError

PACKED = r"(\.tar|\.tar\.gz|\.tgz|\.zip)"
"""How the names of archives end, as a regular expression."""
SEARCH_DEPTH = 4
"""How many folders deep a release is looked for below `--from`."""
UNPACKING = (tarfile.TarError, zipfile.BadZipFile, zlib.error, cast("type[Exception]", isal_zlib.error), struct.error)
BROKEN = (*UNPACKING, EOFError, OSError, ValueError, RuntimeError)
"""What the libraries raise where an archive is broken. Long names of long names of long names are a recursion."""

EXTENSIONS = b"xgXLK"
"""Kinds of members of a tar that say more of the next one: its long name, for instance."""
LARGEST_HEADER, LARGEST_TAR = 1 << 20, 1 << 50
"""Bytes: of such an extension, and of any member."""
ENCRYPTED, LOCAL_HEADER = 1, "<4s22x2H"
"""Of a zip: the flag's bit, and the form of a member's head, which ends in the lengths of its name and extra data."""
LARGEST_MEMBER = 2 << 30
"""Bytes: a longer member is refused rather than read into memory. Nine hours of 16-bit audio are half of it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a release."""

    name: str
    """Its path in the release, with ``/``."""
    audio: Callable[[], Audio]
    """Its content as audio: a place in a file where there is one, else bytes, of a tar.gz only while it is at hand."""

    def read(self) -> bytes:
        """Its content.

        Raises:
            DataError: it cannot be read, or is too large to be read into memory.
        """
        audio = self.audio()
        return audio.data if audio.data is not None else _whole(audio.read, audio.length(), audio.origin)


@dataclass(frozen=True, slots=True)
class Release:
    """A folder or archive with the files of a corpus."""

    path: Path
    """The folder or archive."""

    def members(self, wanted: Callable[[str], bool]) -> Iterator[Member]:
        """The files whose names are wanted, in the order in which they are stored.

        Raises:
            DataError: the archive is broken or truncated, or a member would leave its folder.
        """
        try:
            if self.path.is_dir():
                yield from _tree(self.path, wanted)
            elif self.path.name.endswith(".zip"):
                yield from _zip(self.path, wanted)
            else:
                yield from _tar(self.path, wanted)
        except BROKEN as error:
            raise _broken(self.path, error) from error

    def inside(self, folder: str) -> Self:
        """The release's folder of that name, where it is an unpacked tree that has one; else the release."""
        path = self.path / folder
        return type(self)(path) if path.is_dir() else self

    def files(self, pattern: str) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the files whose names match a pattern, searched as a regular expression.

        Raises:
            DataError: one is too large to be a transcript.
        """
        search = re.compile(pattern).search
        for member in self.members(lambda name: search(name) is not None):
            yield member.name, member.read()

    def only(self, pattern: str, what: str) -> tuple[bytes, str]:
        """The content of the one file whose name matches a pattern, and what to call it in messages.

        Raises:
            AccessError: there is none, or more than one; `what` is what was looked for.
            DataError: as `files`.
        """
        found = list(self.files(pattern))
        if len(found) != 1:
            raise self.lacks(what)
        name, data = found[0]
        return data, f"{self.path}: {name}"

    def lacks(self, what: str) -> NoCopyError:
        """The error for a folder of the release's name without what it must have: another source may know it."""
        return NoCopyError(f"{what} in {self.path}")

    def error(self, what: str) -> DataError:
        """The error that names the release."""
        return DataError(f"{self.path}: {what}")


Parser = Callable[[Release], Utterances]
"""A corpus's one parser: a release to its utterances.

It raises `Release.lacks` where the release has no transcripts at all, and DataError where a line of them does not have
their form, an id occurs twice, or transcripts and recordings do not match.
"""


def archive_source(where: str, names: tuple[str, ...], parse: Parser, *, locked: tuple[str, ...] = ALL_FACTS) -> Source:
    """The source that an original release is.

    `names` are regular expressions of folder or archive names that mean the release; the others are as in `Source`.
    """
    read, state = partial(read_release, where, names, parse), partial(_state, where, names)
    return Source(kind="archive", where=where, open=read, state=state, locked=locked)


def read_release(where: str, names: tuple[str, ...], parse: Parser, request: Request) -> Utterances:
    """The utterances of the release below the folder that the user named.

    Raises:
        AccessError: no folder was named, or the release is not below it.
        DataError: it is broken.
    """
    path = find_release(request.root, names) if request.root else None
    if path is None:
        raise NoCopyError(f"the original release ({where})")
    request.note("source", f"archive:{where}")
    request.note("revision", str(path.name))
    try:
        yield from parse(Release(path))
    except MISSHAPEN as error:
        raise DataError(f"{path}: it does not have the form of {where} ({type(error).__name__}: {error})") from error


def _state(where: str, names: tuple[str, ...], request: Request) -> str | None:
    """Size and times of the release's archive; None of an unpacked tree, whose files tell."""
    path = find_release(request.root, names) if request.root else None
    if path is None:
        raise NoCopyError(f"the original release ({where})")
    return None if path.is_dir() else state_of_files([path])


def find_release(root: Path, names: Iterable[str]) -> Path | None:
    """The folder or archive that one of the patterns means: the root itself, else the shallowest; folders first."""
    fits = re.compile("|".join(f"(?:{name})" for name in names)).fullmatch
    level = [root]
    for _ in range(SEARCH_DEPTH):
        found = [path for path in level if fits(path.name)]
        if found:
            return min(found, key=lambda path: (not path.is_dir(), path.name))
        level = [entry for path in level if path.is_dir() for entry in _children(path)]
    return None


def _children(folder: Path) -> list[Path]:
    """What lies in a folder, hidden things excepted; nothing where it cannot be read or holds thousands of clips."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for _, entry in zip(range(5_000), entries, strict=False) if entry.name[0] != "."]
    except OSError:
        return []
    return sorted(found)


def safe_name(name: str, where: Path) -> str:
    """A member's name without ``./``.

    Raises:
        DataError: it is absolute or climbs out of its folder.
    """
    clean = name.replace("\\", "/").removeprefix("./")
    if clean.startswith("/") or ".." in clean.split("/") or re.match(r"[A-Za-z]:/", clean):
        raise DataError(f"{where}: the member {name!r} would leave its folder; this is not the release's archive")
    return clean


def _tree(root: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of a folder, sorted; their names begin with the folder's own."""
    for folder, folders, files in os.walk(root):
        folders.sort()
        prefix = Path(folder).relative_to(root.parent).as_posix()
        for file in sorted(files):
            name = f"{prefix}/{file}"
            if wanted(name):
                path = Path(folder, file)
                yield Member(name, partial(Audio, origin=str(path), path=path))


class _TarInfo(tarfile.TarInfo):
    """A member's header, refused where it states a size that no member has."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """As the library's, with its errors."""
        found = super().frombuf(buf, encoding, errors)
        _check_size(found, LARGEST_HEADER if found.type in EXTENSIONS else LARGEST_TAR)
        return found


def _check_size(info: tarfile.TarInfo, most: int) -> None:
    """Refuses what would lead the library round in circles, past all places, or to take all memory for a long name."""
    if not 0 <= info.size <= most:
        raise tarfile.ReadError(f"{info.name!r} would have {info.size} bytes")


def _tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of a tar, read from front to back; of one that is not compressed, audio is a place in the archive."""
    packed = not path.name.endswith(".tar")
    regular(path)
    with igzip.open(path) if packed else path.open("rb") as file:  # type: ignore[no-untyped-call]
        archive = tarfile.open(fileobj=file, mode="r:", tarinfo=_TarInfo)  # noqa: SIM115
        for stored, begin, size in _headers(archive, file, seek=not packed):
            name = safe_name(stored, path)
            if wanted(name):
                origin = f"{path}!{name}"
                here = partial(_in_memory, partial(file.read, size), size, origin)
                place = partial(Audio, origin=origin, path=path, offset=begin, size=size)
                yield Member(name, here if packed else place)
        while packed and file.read(1 << 20):  # the checksum stands at the very end
            pass


def _headers(archive: tarfile.TarFile, file: BinaryIO, *, seek: bool) -> Iterator[tuple[str, int, int]]:
    """Name, place and size of each file of a tar; others must have names that stay in their folder.

    Most members have a header of the plainest kind, which is read here in a fourth of the library's time; all else is
    the library's. A packed archive is read by it alone, since nobody knows where it is in it.
    """
    place = 0
    if seek:
        archive.firstmember = None  # type: ignore[attr-defined]  # it is read again
    while True:
        plain = None
        if seek and not archive.pax_headers:
            file.seek(place)
            plain = _plain(file.read(tarfile.BLOCKSIZE))
        if plain is not None:
            name, size = plain
            begin = place + tarfile.BLOCKSIZE
            place = begin + -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            yield name, begin, size
            continue
        if seek:
            archive.offset = place
            file.seek(max(0, place - 1))  # anywhere but there: then it looks whether the file goes on so far
        info = archive.next()
        if info is None:
            return
        _check_size(info, LARGEST_TAR)  # which an extension may have changed
        place = archive.offset
        if info.isreg() and info.sparse is None:
            yield info.name, info.offset_data, info.size
        else:
            safe_name(info.name, Path(str(archive.name)))
        archive.members = []  # type: ignore[attr-defined]  # the index of a long archive is not kept


def _plain(head: bytes) -> tuple[str, int] | None:
    """Name and size of the file whose header this is, where it is ustar's or GNU's without any extension."""
    if len(head) < tarfile.BLOCKSIZE or head[257:262] != b"ustar" or head[156] not in b"0\0" or head[345]:
        return None
    name, size, stated = head[:100].rstrip(b"\0"), head[124:136].strip(b"\0 "), head[148:156].strip(b"\0 ")
    if not name or b"\0" in name or name.endswith(b"/") or not (size.isdigit() and stated.isdigit()):
        return None
    try:
        if sum(head) - sum(head[148:156]) + 8 * 32 != int(stated, 8):
            return None
        return name.decode("utf-8", "surrogateescape"), int(size, 8)
    except ValueError:
        return None


def _zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of a zip: audio that is stored as it is is a place in the archive."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            name = safe_name(info.filename, path)
            if info.is_dir() or not wanted(name):
                continue
            origin = f"{path}!{name}"
            if info.flag_bits & ENCRYPTED:
                raise DataError(f"{origin} is encrypted; unpack the archive")
            if info.compress_type == zipfile.ZIP_STORED:
                begin, size = _begin(file, info), info.file_size
                yield Member(name, partial(Audio, origin=origin, path=path, offset=begin, size=size, crc32=info.CRC))
            else:
                yield Member(name, partial(_in_memory, partial(archive.read, info), info.file_size, origin))


def _begin(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin: after its local header, which has a name and extra data of its own."""
    file.seek(info.header_offset)
    marker, name, extra = struct.unpack(LOCAL_HEADER, file.read(struct.calcsize(LOCAL_HEADER)))
    if marker != b"PK\3\4" or info.compress_size != info.file_size:
        raise zipfile.BadZipFile(f"no {info.filename} where the directory says it is")
    return info.header_offset + struct.calcsize(LOCAL_HEADER) + int(name) + int(extra)


def _in_memory(read: Callable[[], bytes], size: int, origin: str) -> Audio:
    """An audio whose bytes are read now."""
    return Audio(origin=origin, data=_whole(read, size, origin))


def _whole(read: Callable[[], bytes], size: int, where: str) -> bytes:
    """What `read` gives, which must be as long as the archive says, and no longer than what fits into memory."""
    if size > LARGEST_MEMBER:
        raise DataError(f"{where} has {size:,} bytes, too many to be read into memory; unpack it")
    try:
        data = read()
    except BROKEN as error:
        raise _broken(where, error) from error
    if len(data) != size:
        raise _broken(where, f"{len(data)} of {size} bytes")
    return data


def _broken(where: Path | str, reason: BaseException | str) -> DataError:
    """The error for an archive or a member that cannot be read to its end."""
    return DataError(f"{where}: cannot be read to its end ({reason}): compare its checksum, get it again")
