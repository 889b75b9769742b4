"""Pages of Ogg, taken apart and put together: their check sums are made bit by bit, as RFC 3533 says them."""

from __future__ import annotations


def checked(page: bytes) -> bytes:
    """A page with its right check sum."""
    register = 0
    for byte in page[:22] + b"\0\0\0\0" + page[26:]:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
    return page[:22] + register.to_bytes(4, "little") + page[26:]


def places(ogg: bytes) -> list[int]:
    """Where each page begins."""
    found, place = [], 0
    while ogg[place : place + 4] == b"OggS":
        found.append(place)
        place += 27 + ogg[place + 26] + sum(ogg[place + 27 : place + 27 + ogg[place + 26]])
    return found


def pages(ogg: bytes) -> list[bytes]:
    """Each page."""
    begins = places(ogg)
    return [ogg[begin:end] for begin, end in zip(begins, [*begins[1:], len(ogg)], strict=True)]
