"""The members of a zip, one at a time: the standard library keeps a kilobyte of each in memory.

Form: PKWARE's APPNOTE 6.3, with its 64-bit sizes; stored and deflated members, which is what every packer writes.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

END, END_64, LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
ENTRY, LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
"""End of the directory, the same with 64 bits, where that is, an entry of the directory, the head of a member."""
USUAL_EXTRA = 64
"""Bytes of a member's head after its name, at most: times and owners."""
LONGEST_COMMENT = 0xFFFF
FULL = 0xFFFF_FFFF
"""In a field of 32 bits: see the one of 64 bits."""
ENCRYPTED, UTF_8 = 1, 0x800
"""Bits of the flags."""
BLOCK = 1 << 18
"""Bytes of the directory that are read at a time: the longest entry has 200 KB."""
STORED, DEFLATED = 0, 8
"""Methods."""
BAD_DIRECTORY = "the directory of the zip is broken"


@dataclass(frozen=True, slots=True)
class ZipMember:
    """One entry of the directory, and where its bytes are."""

    name: str
    method: int
    crc32: int
    packed: int
    """Bytes as they are stored."""
    size: int
    """Bytes as they were."""
    header: int
    """Where its head begins in the file."""
    raw_name: bytes

    def begin(self, file: BinaryIO, more: int = 0) -> tuple[int, bytes]:
        """Where the stored bytes begin, and the first of them; as many as `more`, or none.

        Raises:
            BadZipFile: the directory points at another member, or at none.
        """
        length = LOCAL.size + len(self.raw_name)
        found = os.pread(file.fileno(), length + USUAL_EXTRA + more, self.header)
        if found[:4] != b"PK\3\4" or found[LOCAL.size : length] != self.raw_name:
            msg = f"no {self.name} where the directory says it is"
            raise BadZipFile(msg)
        *_, name, extra = LOCAL.unpack_from(found)
        begin = LOCAL.size + int(name) + int(extra)
        first = found[begin : begin + min(more, self.packed)]
        return self.header + begin, first if len(first) == more else b""

    def read(self, file: BinaryIO) -> bytes:
        """The bytes as they were.

        Raises:
            BadZipFile: they are not what the directory says of them.
        """
        file.seek(self.begin(file)[0])
        data = file.read(self.packed)
        if self.method == DEFLATED:
            data = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS).decompress(data, self.size + 1)
        if len(data) != self.size or isal_zlib.crc32(data) != self.crc32:
            msg = f"bad CRC-32 or length of {self.name}"
            raise BadZipFile(msg)
        return data


def members(file: BinaryIO, path: Path) -> Iterator[ZipMember]:
    """The files of a zip in the order of its directory; folders are passed over.

    Args:
        file: the zip, open; it is read only by place, so that members may be read in between.
        path: what to call it.

    Raises:
        BadZipFile: it is none, or broken, or a member is packed in a way that is not read here.
    """
    place, end, shift = _directory(file, path)
    begin, buffer, start = place, b"", place
    while place < end:
        if start + len(buffer) < min(end, place + ENTRY.size + 3 * LONGEST_COMMENT):
            buffer, start = os.pread(file.fileno(), BLOCK, place), place
        fields = _entry(buffer, place - start)
        lengths = fields[10:13]
        body = place - start + ENTRY.size
        place += ENTRY.size + sum(lengths)
        if place > end:
            raise BadZipFile(BAD_DIRECTORY)
        raw = buffer[body : body + lengths[0]]
        name = raw.decode("utf-8" if fields[3] & UTF_8 else "cp437", "replace")
        if not name.endswith("/"):
            extra = buffer[body + lengths[0] : body + lengths[0] + lengths[1]]
            member = _member(name, raw, fields, extra, shift)
            if member.header + member.packed > begin:
                raise BadZipFile(BAD_DIRECTORY)
            yield member


def _entry(buffer: bytes, place: int) -> tuple[int, ...]:
    """The fixed fields of a directory's entry."""
    if len(buffer) < place + ENTRY.size or buffer[place : place + 4] != b"PK\1\2":
        raise BadZipFile(BAD_DIRECTORY)
    return ENTRY.unpack_from(buffer, place)


def _member(name: str, raw: bytes, fields: tuple[int, ...], extra: bytes, shift: int) -> ZipMember:
    """The member of an entry."""
    _, _, _, flags, method, _, _, crc32, packed, size, *_, header = fields
    if flags & ENCRYPTED or method not in {STORED, DEFLATED}:
        msg = f"{name} is {'encrypted' if flags & ENCRYPTED else f'packed by method {method}'}; unpack the archive"
        raise BadZipFile(msg)
    sizes = [size, packed, header]
    if FULL in sizes:
        large = iter(_wide(extra, sizes.count(FULL)))
        sizes = [next(large) if value == FULL else value for value in sizes]
    size, packed, header = sizes
    if method == STORED and packed != size:
        msg = f"{name} is stored in {packed} bytes and has {size}"
        raise BadZipFile(msg)
    return ZipMember(name, method, crc32, packed, size, header + shift, raw)


def _wide(extra: bytes, count: int) -> tuple[int, ...]:
    """The 64-bit fields of an entry's extra data."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1 and length >= 8 * count and place + 4 + length <= len(extra):
            return struct.unpack_from(f"<{count}Q", extra, place + 4)
        place += 4 + length
    raise BadZipFile(BAD_DIRECTORY)


def _directory(file: BinaryIO, path: Path) -> tuple[int, int, int]:
    """Where the directory begins and ends, and by how much all places in it are off (a program may stand before)."""
    total = file.seek(0, os.SEEK_END)
    first = max(0, total - END.size - LONGEST_COMMENT)
    tail = os.pread(file.fileno(), total - first, first)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + END.size:
        msg = f"{path.name} is not a zip file, or not all of it"
        raise BadZipFile(msg)
    *_, size, offset, _ = END.unpack_from(tail, at)
    end = first + at
    locator = os.pread(file.fileno(), LOCATOR.size, max(0, end - LOCATOR.size))
    if locator[:4] == b"PK\6\7" and end >= LOCATOR.size + END_64.size:
        end -= LOCATOR.size + END_64.size
        record = os.pread(file.fileno(), END_64.size, end)
        if record[:4] != b"PK\6\6":
            raise BadZipFile(BAD_DIRECTORY)
        *_, size, offset = END_64.unpack(record)
    begin = end - size
    if begin < 0 or begin < offset:
        raise BadZipFile(BAD_DIRECTORY)
    return begin, end, begin - offset
