"""What the archive source adds to tarfile: the same headers but those made to hurt, and the same members."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sources.archive import Release, _TarInfo
from harness.errors import DataError

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs", "Cc"]), min_size=1)
KINDS = [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.CONTTYPE]
READ = [*range(100), *range(124, 136), 156, *range(345, 500)]
"""Places in a header of what is read: name, size, kind, prefix. The library fails over modes and owners too."""
FIELDS = ("name", "size", "type", "offset", "offset_data")


def packed(files: list[tuple[str, bytes, bytes]], form: int) -> bytes:
    """A tar of names, contents and kinds."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=form) as tar:
        for name, data, kind in files:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(data) if kind in {tarfile.REGTYPE, tarfile.AREGTYPE} else 0
            tar.addfile(info, io.BytesIO(data[: info.size]))
    return buffer.getvalue()


def listed(tar: Any) -> list[tuple[Any, ...]] | str:
    """What each header says, or why they cannot be read."""
    try:
        return [tuple(getattr(info, name) for name in FIELDS) for info in tar]
    except (tarfile.TarError, ValueError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"


def both(data: bytes, path: Path) -> tuple[Any, Any]:
    """The library's own way, and ours."""
    path.write_bytes(data)
    ways: list[Any] = []
    with path.open("rb") as file:
        for source, tarinfo in ((io.BytesIO(data), tarfile.TarInfo), (file, _TarInfo)):
            try:
                with tarfile.open(fileobj=source, mode="r:", tarinfo=tarinfo) as tar:
                    ways.append(listed(tar))
            except (tarfile.TarError, ValueError, OverflowError) as error:
                ways.append(f"{type(error).__name__}: {error}")
    return ways[0], ways[1]


def members(path: Path) -> list[tuple[str, bytes]] | type[DataError]:
    """Names and contents as the source gives them, or that it refuses the archive."""
    try:
        return [(member.name, member.audio().read()) for member in Release(path).members(lambda _: True)]
    except DataError:
        return DataError


@given(
    files=st.lists(st.tuples(NAMES, st.binary(max_size=2_000), st.sampled_from(KINDS)), max_size=6),
    form=st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    damage=st.lists(st.tuples(st.integers(0, 8_000), st.integers(0, 255)), max_size=3),
    header=st.none()
    | st.lists(st.tuples(st.sampled_from(READ), st.sampled_from(b"\0 /0789a\xff")), min_size=1, max_size=4),
    keep=st.none() | st.integers(0, 8_000),
)
def test_headers_are_read_as_the_library_reads_them(
    files: list[tuple[str, bytes, bytes]],
    form: int,
    damage: list[tuple[int, int]],
    header: list[tuple[int, int]] | None,
    keep: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Every form of tar, long names, other kinds, bytes changed, headers with odd fields, the end cut off."""
    try:
        data = bytearray(packed(files, form))
    except ValueError:  # a name too long for the form
        return
    if header is not None:  # such as another packer might write, for the checksum is right
        for place, value in header:
            data[place] = value
        data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * ord(" ") + sum(data[156:512]))
    for place, value in damage:
        data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "a.tar"
    library, own = both(bytes(data[:keep]), path)
    assert own == library or "would have" in own
    packed_path = path.with_suffix(".tar.gz")
    packed_path.write_bytes(gzip.compress(path.read_bytes(), 1, mtime=0))
    assert members(path) == members(packed_path)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
def test_members_of_every_length(form: int, ending: str, tmp_path: Path) -> None:
    """Around the lengths of blocks, where the next header follows at once; some that nobody wants between them."""
    sizes = [0, 1, 41, 42, 511, 512, 513, 1_023, 1_024, 1_025, 70_000, 512 * 300]
    files = [(f"{'long/' * 40}{size}.flac", bytes([size % 251]) * size, tarfile.REGTYPE) for size in sizes]
    path = tmp_path / f"a.{ending}"
    data = packed(files, form)
    path.write_bytes(gzip.compress(data, mtime=0) if ending == "tar.gz" else data)
    wanted = {name: content for name, content, _ in files[::2]}
    found = {member.name: member.audio().read() for member in Release(path).members(wanted.__contains__)}
    assert found == wanted


def test_several_gzips_in_a_row_are_one(tmp_path: Path) -> None:
    """As pigz and bgzip write it."""
    data = packed(
        [(f"{number}.flac", bytes([number]) * 5_000, tarfile.REGTYPE) for number in range(8)], tarfile.GNU_FORMAT
    )
    path = tmp_path / "a.tar.gz"
    path.write_bytes(
        b"".join(gzip.compress(data[place : place + 7_000], mtime=0) for place in range(0, len(data), 7_000))
    )
    found = [member.read() for member in Release(path).members(lambda _: True)]
    assert found == [bytes([number]) * 5_000 for number in range(8)]


def test_a_compressed_tar_that_was_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    data = bytearray(
        gzip.compress(packed([("1.flac", bytes(range(256)) * 300, tarfile.REGTYPE)], tarfile.GNU_FORMAT), mtime=0)
    )
    for place in (len(data) // 2, len(data) - 6):  # in the middle, and the checksum at its end
        broken = data.copy()
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"a\.tar\.gz.*cannot be read to its end"):
            [member.read() for member in Release(path).members(lambda _: True)]


def header(kind: bytes, size: bytes, name: bytes = b"1.flac") -> bytes:
    """A header with a checksum that is right."""
    data = bytearray(512)
    data[: len(name)], data[124:136], data[156:157] = name, size, kind
    data[148:156] = b"%06o\0 " % (sum(data) + 8 * ord(" "))
    return bytes(data)


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
@pytest.mark.parametrize(
    "data",
    [
        header(b"0", b"00000000000\0") * 2 + header(b"0", b"\xff" * 10 + b"\xfc\0"),
        header(b"0", b"\x80" + b"\xff" * 11) * 3,
        header(b"L", b"77777777777\0") + b"long" * 1_000,
        (header(b"L", b"00000000001\0") + b"n".ljust(512, b"\0")) * 2_000,
        header(b"x", b"00000000022\0") + b"18 size=-1048576\n".ljust(512, b"\0") + header(b"0", b"00000001000\0") * 3,
    ],
    ids=["before itself", "beyond all places", "a name of 8 GiB", "names of names", "an extension with a size"],
)
def test_archives_made_to_hurt(data: bytes, ending: str, tmp_path: Path) -> None:
    """Each would keep the library busy for ever, take all memory, or end in an error that is no archive's."""
    path = tmp_path / f"a.{ending}"
    path.write_bytes(gzip.compress(data, mtime=0) if ending == "tar.gz" else data)
    with pytest.raises(DataError, match="cannot be read to its end"):
        list(Release(path).members(lambda _: True))
