"""How fast each source gives utterances, against a bare soundfile loop, and how much memory it takes.

Usage: python perf/data.py [--rows N] [--long-rows M] [--only SOURCE,...]

Writes one set of N utterances with the lengths of LibriSpeech, cut from the real recordings that come with the project,
in every form: an unpacked tree, tar, tar.gz, zip, the hub's Parquet, a manifest; as `table`, a tree whose transcripts
are one table far from the audio; and, as own data, a Kaldi folder, lhotse's cuts, a WebDataset tar, NeMo's tarred set,
Parquet, and what `save_to_disk` writes. The utterances are decoded by two workers with what a run decodes them with;
the bare loop decodes the same files with soundfile by the same two workers and does nothing else. A tar.gz and a
Parquet file must be unpacked by anybody: their bare loop does so too, with zlib or pyarrow, and throws the bytes away,
while the workers decode (`floor` says so; `of_soundfile` is without it). Sources and bare loops take turns, and the
median of the ratios is given, by wall clock and by processor time (which other work on the machine disturbs less);
`control` is the bare loop against itself, measured likewise: as far as that is from 1, the machine was not quiet.

Then, in a process each, the sources are read through without decoding at 1,000 and at M utterances: seconds to the
first, to the last, and the peak of resident memory. `bytes_a_row` is what each row more adds to that peak, held by the
source itself; `listed_bytes_a_row` is what a list of its utterances takes, without the encoded audio: a run, which
sorts by length, holds such lists.

Then comes one line of JSON, and last what holds. Bars: 0.9 of the bare loop (own data but the manifest: 0.8), by wall
clock, and 2,048 bytes a row. Where one does not hold, the last line names it, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from benchmarks.dataset import Audio, Utterance

WORKERS = 2
WINDOW = 256
"""Utterances that are decoded or wait for it at one time: two row groups of Parquet, which come at once."""
ROUNDS = 9
Rate = tuple[float, float]
"""Utterances per second by wall clock, and per second of processor time."""
PACKED = {"tar.gz": "*.tar.gz", "parquet": "*.parquet", "own parquet": "*.parquet"}
"""Sources to what must be unpacked before it can be decoded, and the file."""
FLOORS = {"tar.gz": "soundfile and zlib", "parquet": "soundfile and pyarrow", "own parquet": "soundfile and pyarrow"}
PARQUET = {"parquet": "librispeech_asr/clean/test", "own parquet": "data"}
"""Where its files lie."""
OWN = {
    "manifest": "m.jsonl",
    "kaldi": "",
    "lhotse": "cuts.jsonl",
    "webdataset": "set-000000.tar",
    "nemo-tar": "",
    "own parquet": "",
    "save_to_disk": "",
}
"""Sources that are own data, and what of their folder is named."""
SOURCES = ("tree", "tar", "tar.gz", "zip", "parquet", "table", *OWN)
SPEED_BAR = 0.9
"""Of the bare loop's speed."""
OWN_SPEED_BAR = 0.8
"""The same for own data but the manifest."""
MEMORY_BAR = 2_048
"""Bytes that a row may add to what a source holds."""
LISTED = 2_000
"""Utterances that are listed to see what they take."""
PER_CHAPTER = 100
FIGURES = ("of_bare", "cpu_of_bare", "utterances_per_s", "hours_per_s")


def encoded_clips() -> list[bytes]:
    """FLAC of the lengths that LibriSpeech's test-clean has, every 26th of them, cut from the project's recordings."""
    import numpy as np
    import soundfile

    from harness.types import SAMPLE_RATE

    here = Path(__file__).resolve().parent
    speech = []
    for path in sorted((here.parent / "benchmarks" / "corpora" / "sample_audio").glob("*.flac")):
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        if rate == SAMPLE_RATE:  # the bare loop resamples nothing
            speech.append(samples[:, 0])
    if not speech:
        msg = "the recordings that come with the project are missing; this measurement needs them"
        raise SystemExit(msg)
    endless = np.tile(np.concatenate(speech), 2)
    clips, begin = [], 0
    for seconds in (here / "librispeech_test_clean_seconds.txt").read_text().split()[::26]:
        length = int(float(seconds) * SAMPLE_RATE)
        buffer = io.BytesIO()
        soundfile.write(buffer, endless[begin : begin + length], SAMPLE_RATE, format="FLAC")
        clips.append(buffer.getvalue())
        begin = (begin + length) % (len(endless) // 2)
    return clips


def key_of(number: int) -> str:
    """The utterance's id: speaker, chapter, number."""
    return f"1-{number // PER_CHAPTER}-{number % PER_CHAPTER:04d}"


def release_files(clips: list[bytes], rows: int) -> Iterator[tuple[str, bytes]]:
    """The original release's files, one after another."""
    for first in range(0, rows, PER_CHAPTER):
        numbers = range(first, min(first + PER_CHAPTER, rows))
        folder = f"LibriSpeech/test-clean/1/{first // PER_CHAPTER}"
        for number in numbers:
            yield f"{folder}/{key_of(number)}.flac", clips[number % len(clips)]
        lines = "".join(f"{key_of(number)} WORDS OF {number}\n" for number in numbers)
        yield f"{folder}/1-{first // PER_CHAPTER}.trans.txt", lines.encode()


def build(source: str, root: Path, clips: list[bytes], rows: int) -> None:
    """Writes the set in the form of a source."""
    root.mkdir(parents=True)
    if source in {"tar", "tar.gz"}:
        options = {"compresslevel": 1} if source == "tar.gz" else {}
        mode = "w:gz" if source == "tar.gz" else "w:"
        with tarfile.open(root / f"test-clean.{source}", mode, **options) as tar:  # type: ignore[call-overload]
            for name, data in release_files(clips, rows):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    elif source == "zip":
        with zipfile.ZipFile(root / "test-clean.zip", "w") as archive:
            for name, data in release_files(clips, rows):
                archive.writestr(name, data)
    elif source == "save_to_disk":
        build_saved(root, clips, rows)
    elif source == "table":
        build_table(root / "spgispeech", clips, rows)
    elif source in PARQUET:
        build_parquet(root / PARQUET[source], clips, rows)
    elif source in {"webdataset", "nemo-tar"}:
        build_own_tar(source, root, clips, rows)
    else:
        for name, data in release_files(clips, rows):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        build_lists(source, root, clips, rows)


def build_lists(source: str, root: Path, clips: list[bytes], rows: int) -> None:
    """What lies beside a tree in the forms of own data."""
    found = [(Path(name).stem, name, data) for name, data in release_files(clips, rows) if name.endswith(".flac")]
    if source == "manifest":
        write_lines(root / "m.jsonl", (json.dumps({"audio": name, "text": "words"}) for _, name, _ in found))
    elif source == "kaldi":
        write_lines(root / "wav.scp", (f"{key} {name}" for key, name, _ in found))
        write_lines(root / "text", (f"{key} words" for key, _, _ in found))
    elif source == "lhotse":
        write_lines(root / "cuts.jsonl", (json.dumps(cut_of(name, data)) for _, name, data in found))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """A text file of lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def cut_of(name: str, data: bytes) -> dict[str, object]:
    """A recording as lhotse writes a cut of it."""
    import soundfile

    info = soundfile.info(io.BytesIO(data))
    key, seconds = Path(name).stem, info.frames / info.samplerate
    source = {"type": "file", "channels": [0], "source": name}
    length = {"sampling_rate": info.samplerate, "num_samples": info.frames, "duration": seconds, "channel_ids": [0]}
    said = {"id": key, "recording_id": key, "start": 0.0, "duration": seconds, "channel": 0, "text": "words"}
    place = {"id": key, "start": 0, "duration": seconds, "channel": 0, "type": "MonoCut"}
    return {**place, "supervisions": [said], "recording": {"id": key, "sources": [source], **length}}


def build_own_tar(source: str, root: Path, clips: list[bytes], rows: int) -> None:
    """A tar of samples with their texts, or one with a manifest beside it."""
    alone = source == "webdataset"
    with tarfile.open(root / ("set-000000.tar" if alone else "audio_0.tar"), "w:") as tar:
        for number in range(rows):
            members = {"flac": clips[number % len(clips)], "txt": b"words"}
            for ending, data in members.items() if alone else [("flac", members["flac"])]:
                info = tarfile.TarInfo(f"{key_of(number)}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    if not alone:
        facts = {"text": "words", "duration": -1, "shard_id": 0}
        rows_of = ({"audio_filepath": f"{key_of(number)}.flac", **facts} for number in range(rows))
        write_lines(root / "tarred_audio_manifest.json", map(json.dumps, rows_of))


def build_parquet(folder: Path, clips: list[bytes], rows: int) -> None:
    """As the hub writes it: row groups of a hundred, shards of ten thousand."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    for shard, first in enumerate(range(0, rows, 10_000)):
        writer = None
        for begin in range(first, min(first + 10_000, rows), 100):
            table = pa.Table.from_pylist(hub_rows(clips, begin, min(begin + 100, rows)))
            writer = writer or pq.ParquetWriter(folder / f"{shard:04d}.parquet", table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()


def hub_rows(clips: list[bytes], begin: int, end: int) -> list[dict[str, Any]]:
    """Rows as the hub has them."""
    return [
        {
            "id": key_of(number),
            "text": "WORDS",
            "speaker_id": 1,
            "chapter_id": 1,
            "audio": {"bytes": clips[number % len(clips)], "path": None},
        }
        for number in range(begin, end)
    ]


def build_saved(folder: Path, clips: list[bytes], rows: int) -> None:
    """As ``save_to_disk`` writes it: batches of a hundred."""
    import pyarrow as pa

    name = "data-00000-of-00001.arrow"
    schema = pa.Table.from_pylist(hub_rows(clips, 0, 1)).schema
    with pa.ipc.new_stream(str(folder / name), schema) as writer:
        for begin in range(0, rows, 100):
            writer.write_table(pa.Table.from_pylist(hub_rows(clips, begin, min(begin + 100, rows)), schema))
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    (folder / "dataset_info.json").write_text("{}")


def build_table(folder: Path, clips: list[bytes], rows: int) -> None:
    """As SPGISpeech's release: one table with pipes, and a folder for each call."""
    lines = ["wav_filename|wav_filesize|transcript\n"]
    for number in range(rows):
        name = f"{number // PER_CHAPTER:032x}/{number % PER_CHAPTER}.wav"
        path = folder / "val" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clips[number % len(clips)])
        lines.append(f"{name}|{path.stat().st_size}|Words of {number}.\n")
    (folder / "val.csv").write_text("".join(lines), encoding="utf-8")


def utterances(source: str, root: Path) -> Iterator[Utterance]:
    """What the source gives."""
    from benchmarks.dataset import Request, open_dataset
    from benchmarks.own.dataset import own_dataset
    from benchmarks.registry import get_dataset

    if source in OWN:
        return open_dataset(own_dataset(root / OWN[source]), Request())
    name = "spgispeech" if source == "table" else "librispeech_test_clean"
    return open_dataset(get_dataset(name), Request(root=root))


def decode_audio(audio: Audio) -> float:
    """Seconds of one utterance, decoded as a run does it."""
    from harness.audio import decode
    from harness.types import SAMPLE_RATE

    return len(decode(audio)) / SAMPLE_RATE


def decode_file(path: Path) -> float:
    """Seconds of one file: the bare loop's body."""
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32")
    return float(len(samples) / rate)


def source_rate(source: str, root: Path) -> Rate:
    """Utterances per second through a source, and per second of processor time."""
    begin, cpu = time.perf_counter(), time.process_time()
    count = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = deque()  # type: ignore[var-annotated]
        for utterance in utterances(source, root):
            waiting.append(pool.submit(decode_audio, utterance.audio))
            if len(waiting) >= WINDOW:
                waiting.popleft().result()
            count += 1
        for item in waiting:
            item.result()
    return count / (time.perf_counter() - begin), count / (time.process_time() - cpu)


def bare_rate(paths: list[Path], packed: Path | None = None) -> Rate:
    """Files per second of the bare loop, by WORKERS, and per second of processor time.

    Args:
        paths: what is decoded.
        packed: a compressed tar or a Parquet file that is unpacked meanwhile, in step.
    """
    begin, cpu = time.perf_counter(), time.process_time()
    pieces = unpacked(packed, len(paths)) if packed else iter(())
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = deque()  # type: ignore[var-annotated]
        for path in paths:
            next(pieces, None)
            waiting.append(pool.submit(decode_file, path))
            if len(waiting) >= WINDOW:
                waiting.popleft().result()
        for item in waiting:
            item.result()
    return len(paths) / (time.perf_counter() - begin), len(paths) / (time.process_time() - cpu)


def unpacked(packed: Path, count: int) -> Iterator[int]:
    """Unpacks a gzip file with zlib, or a Parquet file with pyarrow, in so many pieces; their sizes."""
    if packed.suffix == ".parquet":
        import pyarrow.parquet as pq

        from benchmarks.sources.parquet import BATCH_ROWS

        with pq.ParquetFile(packed, buffer_size=1 << 20, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                yield batch.nbytes
                yield from [0] * (len(batch) - 1)
        return
    each = packed.stat().st_size // count + 1
    unpack = zlib.decompressobj(31)
    with packed.open("rb") as file:
        while data := file.read(each):
            yield len(unpack.decompress(data))


def read_through(source: str, root: Path) -> dict[str, float]:
    """Reads without decoding, holding nothing: seconds to the first and the last utterance, and the peak of memory."""
    begin = time.perf_counter()
    first, count = 0.0, 0
    for _ in utterances(source, root):
        first = first or time.perf_counter() - begin
        count += 1
    spent = time.perf_counter() - begin
    return {"rows": count, "first_s": first, "all_s": spent, "peak_mib": peak_mib()}


def listed_bytes(source: str, root: Path) -> float:
    """Bytes that an utterance takes in a list, its encoded audio excepted."""
    list(utterances(source, root))  # what is made once
    gc.collect()
    tracemalloc.start()
    found = list(utterances(source, root))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (held - sum(len(item.audio.data or b"") for item in found)) / len(found)


def peak_mib() -> float:
    """The most memory that was resident so far. getrusage would count the parent's too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def throughput(folder: Path, clips: list[bytes], rows: int, sources: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Each source's rate beside the bare loop's, taking turns."""
    for source in sources:
        build(source, folder / source, clips, rows)
    if "tree" not in sources:
        build("tree", folder / "tree", clips, rows)
    paths = sorted((folder / "tree").rglob("*.flac"))
    seconds = sum(map(decode_file, paths)) / len(paths)
    packed = {source: next((folder / source).rglob(pattern)) for source, pattern in PACKED.items() if source in sources}
    for source in sources:
        next(utterances(source, folder / source))  # imports are no part of a source's speed
    turns: dict[str, tuple[Callable[[], Rate], Callable[[], Rate]]] = {
        source: (partial(bare_rate, paths, packed.get(source)), partial(source_rate, source, folder / source))
        for source in sources
    }
    for source in packed:
        turns[f"{source} strictly"] = (partial(bare_rate, paths), turns[source][1])
    turns["control"] = (partial(bare_rate, paths), partial(bare_rate, paths))
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in turns}
    for _ in range(ROUNDS):
        for name, (bare, source_once) in turns.items():
            # The middle two and the outer two: what drifts over the four disturbs neither.
            first, one, two, last = bare(), source_once(), source_once(), bare()
            wall, cpu = ((one[k] + two[k]) / (first[k] + last[k]) for k in (0, 1))
            rate = (one[0] + two[0]) / 2
            found[name].append((wall, cpu, rate, rate * seconds / 3600))
    speed: dict[str, dict[str, Any]] = {
        name: dict(zip(FIGURES, map(statistics.median, zip(*rates, strict=True)), strict=True))
        for name, rates in found.items()
    }
    for source in sources:
        strict = speed.pop(f"{source} strictly") if source in PACKED else speed[source]
        speed[source] |= {"floor": FLOORS.get(source, "soundfile"), "of_soundfile": strict["of_bare"]}
    return speed


def memory(folder: Path, clips: list[bytes], sizes: tuple[int, int], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Each source read through at two sizes, in a process each, and what a row more takes."""
    found: dict[str, dict[str, Any]] = {}
    for source in names:
        read = []
        for rows in sizes:
            root = folder / f"{source}-{rows}"
            build(source, root, clips, rows)
            command = [sys.executable, __file__, "--read", source, str(root)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            read.append(json.loads(done.stdout))
            shutil.rmtree(root)
        root = folder / f"{source}-listed"
        build(source, root, clips, LISTED)
        more = (read[1]["peak_mib"] - read[0]["peak_mib"]) * (1 << 20) / (sizes[1] - sizes[0])
        found[source] = {"read": read, "bytes_a_row": more, "listed_bytes_a_row": listed_bytes(source, root)}
        shutil.rmtree(root)
    return found


def main() -> None:
    """Measures and prints; exits with 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500, help="utterances for the speed (default 500)")
    parser.add_argument(
        "--long-rows", type=int, default=40_000, help="utterances for the memory (default 40,000; 0: none)"
    )
    parser.add_argument("--only", metavar="SOURCE,...", help=f"some of {', '.join(SOURCES)} (default all)")
    parser.add_argument("--read", nargs=2, metavar=("SOURCE", "ROOT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        print(json.dumps(read_through(args.read[0], Path(args.read[1]))))
        return
    sources = [source for source in SOURCES if not args.only or source in args.only.split(",")]
    clips = encoded_clips()
    with TemporaryDirectory() as name:
        speed = throughput(Path(name), clips, args.rows, sources)
    # Short clips, so that 40,000 of them fit on a small disk; what is measured does not depend on their length.
    short = sorted(clips, key=len)[: max(1, len(clips) // 4)]
    with TemporaryDirectory() as name:
        sizes = memory(Path(name), short, (1_000, args.long_rows), sources) if args.long_rows else {}
    for source, rate in speed.items():
        strict = f" ({rate['floor']}; {rate['of_soundfile']:.2f} of soundfile alone)" if source in PACKED else ""
        print(
            f"{source:10} {rate['of_bare']:5.2f} of the bare loop, {rate['cpu_of_bare']:.2f} by processor time{strict}"
            f"; {rate['utterances_per_s']:,.0f} utterances/s, {rate['hours_per_s']:.2f} hours/s"
        )
    for source, held in sizes.items():
        small, large = held["read"]
        print(
            f"{source:10} {large['rows']:,.0f} rows: first after {large['first_s']:.2f} s, all after "
            f"{large['all_s']:.1f} s, peak {large['peak_mib']:,.0f} MiB (1,000: {small['peak_mib']:,.0f}), "
            f"{held['bytes_a_row']:,.0f} bytes a row, {held['listed_bytes_a_row']:,.0f} in a list"
        )
    speed_bars = dict.fromkeys(SOURCES, SPEED_BAR) | dict.fromkeys(OWN, OWN_SPEED_BAR) | {"manifest": SPEED_BAR}
    misses = [f"{source} speed" for source in sources if speed[source]["of_bare"] < speed_bars[source]]
    misses += [f"{source} memory" for source, held in sizes.items() if held["bytes_a_row"] > MEMORY_BAR]
    bars = {"of_bare": SPEED_BAR, "of_bare_of_own": OWN_SPEED_BAR, "bytes_a_row": MEMORY_BAR}
    result = {"workers": WORKERS, "rows": args.rows, "bars": bars, "misses": misses}
    print(verdict(misses, len(sources) + len(sizes)))
    print(json.dumps(result | {"speed": speed, "read_through": sizes}))
    raise SystemExit(1 if misses else 0)


def verdict(misses: Sequence[str], bars: int) -> str:
    """Which of so many bars hold, in one line."""
    if misses:
        return f"{bars - len(misses)} of {bars} bars hold; below theirs: {', '.join(misses)}"
    return f"all {bars} bars hold"


if __name__ == "__main__":
    main()
