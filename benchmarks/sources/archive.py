"""Original releases as a source: tar, tar.gz, zip or an unpacked tree, read in place; nothing is written to the disk.

A tree, a plain tar and a zip can be read in any order; a tar.gz only from front to back, so its transcripts are read in
a first pass and its audio in a second, and no more than one member is in memory at a time.
"""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from isal import igzip, isal_zlib

from benchmarks.dataset import ALL_FACTS, MISSHAPEN, Audio, NoCopyError, Source
from benchmarks.sources import zip_index
from benchmarks.sources.header import FLAC_HEAD
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Self

    from benchmarks.dataset import Request, Utterance

PACKED = r"(\.tar|\.tar\.gz|\.tgz|\.zip)"
"""How the names of archives end, as a regular expression."""
SEARCH_DEPTH = 4
"""How many folders deep a release is looked for below `--from`."""
BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    cast("type[Exception]", isal_zlib.error),
    EOFError,
    OSError,
    RecursionError,
)
"""What the libraries raise where an archive is broken. Long names of long names of long names are a recursion."""

EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""Kinds of members of a tar that say more of the next one: its long name, for instance."""
LARGEST_HEADER, LARGEST_TAR = 1 << 20, 1 << 50
"""Bytes: of such an extension, and of any member."""
LARGEST_MEMBER = 2 << 30
"""Bytes: a longer member is refused rather than read into memory. Nine hours of 16-bit audio are half of it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a release."""

    name: str
    """Its path in the release, with ``/``."""
    read: Callable[[], bytes]
    """Its content; of a tar.gz only while it is the member at hand."""
    audio: Callable[[], Audio]
    """Its content as audio: a place in a file where there is one, else bytes."""
    head: bytes = b""
    """Its first bytes, where they came along with its name."""


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
            elif self.path.name.endswith(".tar"):
                yield from _tar(self.path, wanted)
            else:
                yield from _tar_gz(self.path, wanted)
        except BROKEN as error:
            raise _broken(self.path, error) from error

    def inside(self, folder: str) -> Release:
        """The release's folder of that name, where it is an unpacked tree that has one; else the release."""
        path = self.path / folder
        return Release(path) if path.is_dir() else self

    def files(self, pattern: str) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the files whose names match a pattern, searched as a regular expression.

        Raises:
            DataError: one is too large to be a transcript.
        """
        search = re.compile(pattern).search
        for member in self.members(lambda name: search(name) is not None):
            yield member.name, member.read()

    def texts(self, pattern: str) -> Iterator[tuple[str, str]]:
        """As `files`, as UTF-8 text.

        Raises:
            DataError: one is not UTF-8, or too large.
        """
        for name, data in self.files(pattern):
            yield name, self.decode(name, data)

    def decode(self, name: str, data: bytes) -> str:
        """A file's content as UTF-8 text.

        Raises:
            DataError: it is none.
        """
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"{self.path}: {name} is not UTF-8 text ({error.reason} at byte {error.start})"
            raise DataError(msg) from error


Parser = Callable[[Release], "Iterator[Utterance]"]
"""A corpus's one parser: a release to its utterances."""


def archive_source(where: str, names: tuple[str, ...], parse: Parser, *, locked: tuple[str, ...] = ALL_FACTS) -> Source:
    """The source that an original release is.

    Args:
        where: what a person would look for, such as ``test-clean.tar.gz``.
        names: regular expressions of folder or archive names that mean the release.
        parse: the corpus's one parser.
        locked: as in `Source`.
    """
    return Source(kind="archive", where=where, open=partial(read_release, where, names, parse), locked=locked)


def lacks(release: Release, what: str) -> NoCopyError:
    """The error for a folder with the release's name but not what the release must have: another source may know it."""
    return NoCopyError(f"{what} in {release.path}")


def read_release(where: str, names: tuple[str, ...], parse: Parser, request: Request) -> Iterator[Utterance]:
    """The utterances of the release below the folder that the user named.

    Raises:
        AccessError: no folder was named, or the release is not below it.
        DataError: it is broken.
    """
    path = find_release(request.root, names) if request.root else None
    if path is None:
        msg = f"the original release ({where})"
        raise NoCopyError(msg)
    request.note("source", f"archive:{where}")
    request.note("revision", str(path.name))
    try:
        yield from parse(Release(path))
    except MISSHAPEN as error:
        msg = f"{path}: it does not have the form of {where} ({type(error).__name__}: {error})"
        raise DataError(msg) from error


def find_release(root: Path, names: Iterable[str]) -> Path | None:
    """The folder or archive that one of the patterns means: the root itself, else the shallowest; folders first."""
    patterns = [re.compile(name) for name in names]

    def fits(path: Path) -> bool:
        return any(pattern.fullmatch(path.name) for pattern in patterns)

    level = [root]
    for _ in range(SEARCH_DEPTH):
        found = [path for path in level if fits(path)]
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
        msg = f"{where}: the member {name!r} would leave its folder; this is not the release's archive"
        raise DataError(msg)
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
                yield Member(name, partial(_read_file, path), partial(Audio, origin=str(path), path=path))


class _TarInfo(tarfile.TarInfo):
    """A member's header. Of a plain file only the fields that are asked for are read, so that listing is less work."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """As the library's, with its errors."""
        size, checksum, kind, prefix = buf[124:136], buf[148:156], buf[156:157], buf[345:500]
        if (
            kind == tarfile.REGTYPE
            and len(buf) == tarfile.BLOCKSIZE
            and not any(prefix)
            and re.fullmatch(rb"[0-7]{11}[ \0]", size)
            and re.fullmatch(rb"[0-7]+[ \0]+", checksum)
            and int(checksum.rstrip(b" \0"), 8) == sum(buf) - sum(checksum) + len(checksum) * ord(" ")
        ):
            found = cls(buf[:100].partition(b"\0")[0].decode(encoding, errors))
            found.size, found.type = int(size[:11], 8), tarfile.REGTYPE
            return found
        found = super().frombuf(buf, encoding, errors)
        _check_size(found, LARGEST_HEADER if found.type in EXTENSIONS else LARGEST_TAR)
        return found


def _check_size(info: tarfile.TarInfo, most: int) -> None:
    """Refuses what would lead the library round in circles, past all places, or to take all memory for a long name."""
    if not 0 <= info.size <= most:
        msg = f"{info.name!r} would have {info.size} bytes"
        raise tarfile.ReadError(msg)


class _Headers:
    """A tar as tarfile needs it to read headers. Each is one system call, at which another thread may take over."""

    def __init__(self, file: int) -> None:
        self._file, self._place = file, 0
        self._begin, self._held = 0, b""

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        self._place = place

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end of the file."""
        begin = self._place - self._begin
        if begin < 0 or begin + size > len(self._held):
            self._begin, begin = self._place, 0
            self._held = os.pread(self._file, max(size, 3 * tarfile.BLOCKSIZE), self._place)
        data = self._held[begin : begin + size]
        self._place += len(data)
        return data

    def next_bytes(self, size: int) -> bytes:
        """What stands here, as far as it was read along with the header."""
        begin = self._place - self._begin
        return self._held[begin : begin + size]


def _tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of an uncompressed tar: audio is a place in the archive."""
    with path.open("rb", buffering=0) as file:
        headers = _Headers(file.fileno())
        for info, origin in _tar_members(headers, path, wanted):
            audio = Audio(origin=origin, path=path, offset=info.offset_data, size=info.size)
            head = headers.next_bytes(min(FLAC_HEAD, info.size))
            yield Member(info.name, partial(_whole, audio.read, info.size, origin), partial(_same, audio), head)


def _tar_gz(path: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of a compressed tar, from front to back."""
    with igzip.open(path) as file:  # type: ignore[no-untyped-call]
        for info, origin in _tar_members(file, path, wanted):
            read = partial(_whole, partial(file.read, info.size), info.size, origin)
            yield Member(info.name, read, partial(_in_memory, origin, read))
        while file.read(1 << 20):  # the checksum stands at the very end
            pass


def _tar_members(
    file: _Headers | igzip.IGzipFile, path: Path, wanted: Callable[[str], bool]
) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """The headers of the files that are wanted, each when `file` stands at its content, and what to call them.

    `file` is only ever read onwards.
    """
    archive = tarfile.open(fileobj=cast("BinaryIO", file), mode="r:", tarinfo=_TarInfo)  # noqa: SIM115
    for info in archive:
        _check_size(info, LARGEST_TAR)  # which an extension may have changed
        info.name = safe_name(info.name, path)
        if info.isreg() and info.sparse is None and wanted(info.name):
            yield info, f"{path}!{info.name}"
        archive.members = []  # type: ignore[attr-defined]  # the index of a long archive is not kept


def _zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The files of a zip: audio that is stored as it is is a place in the archive."""
    with path.open("rb") as file:
        for info in zip_index.members(file, path):
            name = safe_name(info.name, path)
            if not wanted(name):
                continue
            origin = f"{path}!{name}"
            read = partial(_whole, partial(info.read, file), info.size, origin)
            if info.method == zip_index.STORED:
                begin, head = info.begin(file, FLAC_HEAD)
                audio = Audio(origin=origin, path=path, offset=begin, size=info.size, crc32=info.crc32)
                yield Member(name, read, partial(_same, audio), head)
            else:
                yield Member(name, read, partial(_in_memory, origin, read))


def _read_file(path: Path) -> bytes:
    """The content of a file."""
    return _whole(path.read_bytes, path.stat().st_size, str(path))


def _same(audio: Audio) -> Audio:
    """The audio itself."""
    return audio


def _in_memory(origin: str, read: Callable[[], bytes]) -> Audio:
    """An audio whose bytes are read now."""
    return Audio(origin=origin, data=read())


def _whole(read: Callable[[], bytes], size: int, where: str) -> bytes:
    """What `read` gives, which must be as long as the archive says, and no longer than what fits into memory."""
    if size > LARGEST_MEMBER:
        msg = f"{where} has {size:,} bytes, too many to be read into memory; unpack it"
        raise DataError(msg)
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
