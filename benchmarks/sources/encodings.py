"""Texts that are not UTF-8, as spreadsheets and shells of Windows write them: recognized, or refused."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import BinaryIO

from harness.errors import DataError

HEAD = 1 << 16
"""Bytes that are looked at first."""
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; that of UTF-32 begins with one of UTF-16."""
MOST_HIGH = 0.25
"""Share of bytes beyond ASCII that a text of a western European language may have."""


def utf8(file: BinaryIO, name: str, note: Callable[[str], None], *, western: bool) -> BinaryIO:
    """A text as UTF-8 whose lines end in line feeds; as it is where it is that already.

    Args:
        file: the text, from its beginning; it can be sought.
        name: what to call it in messages.
        note: told of another encoding.
        western: whether cp1252 is believed where nothing speaks against it: what Excel writes as CSV.

    Raises:
        DataError: it says its encoding and is not in it, or looks like no text.
    """
    head = file.read(HEAD)
    file.seek(0)
    encoding = next((found for mark, found in _MARKS.items() if head.startswith(mark)), None) or _unmarked_utf16(head)
    if encoding is None and b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        note("lines end in carriage returns")
        return io.BytesIO(file.read().replace(b"\r", b"\n"))
    if encoding is None and western and not _is_utf8(file):
        encoding = "cp1252"
    file.seek(0)
    if encoding is None:
        return file
    data = file.read()
    if encoding == "cp1252" and not _western(data):
        return io.BytesIO(data)  # the line that is wrong is named where it is read
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}: {encoding} by its first bytes, but not at byte {error.start} ({error.reason})"
        ) from None
    note(f"the text is {'cp1252 (Windows, western European)' if encoding == 'cp1252' else encoding.upper()}, not UTF-8")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return io.BytesIO(text.encode("utf-8", "surrogatepass"))


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of what is mostly ASCII is zero."""
    pairs = head[: len(head) & ~1]
    if len(pairs) < 4:
        return None
    for first, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        zero, other = pairs[first::2], pairs[1 - first :: 2]
        if zero.count(0) > 0.8 * len(zero) and not other.count(0):
            return encoding
    return None


def _is_utf8(file: BinaryIO) -> bool:
    """Whether all of a file is; it is read once, at the speed of the disk."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _western(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 may be cp1252: few of them, all of them letters or marks of it, none UTF-8."""
    high = [byte for byte in data if byte > 0x7F]
    if not high or 0 in data or len(high) > MOST_HIGH * len(data):
        return False
    letters = sum(byte >= 0xC0 and byte not in (0xD7, 0xF7) for byte in high)
    marks = sum(
        byte in b"\x80\x82\x84\x85\x8a\x8c\x8e\x91\x92\x93\x94\x96\x97\x9a\x9c\x9e\x9f\xa0\xa1\xab\xb0\xb4\xb7\xbb\xbf"
        for byte in high
    )
    if letters + marks < len(high):
        return False
    # UTF-8 with a broken byte has pairs that are UTF-8; a text in cp1252 hardly ever does.
    text = data.decode("utf-8", "replace")
    return not any(ord(letter) > 0x7F and letter != "\ufffd" for letter in text)
