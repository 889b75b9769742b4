"""Every corpus from both sources: the original release and the hub's Parquet give the same ids, texts and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.corpora import coraal, private, sample_languages
from benchmarks.corpora.covost import COVOST
from benchmarks.corpora.fleurs_translation import FLEURS_PAIRS
from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import datasets, get_dataset, get_suite
from harness.errors import DataError
from tests.benchmarks import newest_layouts
from tests.benchmarks.corpus_layouts import BUILDERS, MORE, Built, ami, common_voice, earnings_long, gigaspeech, tedlium
from tests.benchmarks.layouts import content_hash, write_files, write_parquet, write_tar, write_zip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.dataset import Utterance

NEWEST: dict[str, Callable[[], Built]] = {
    "monsoon_en_in": lambda: newest_layouts.monsoon("en_IN"),
    "monsoon_hi": lambda: newest_layouts.monsoon("hi"),
    "urgent2024": lambda: newest_layouts.urgent("urgent2024"),
    "urgent2024_clean": lambda: newest_layouts.urgent("urgent2024_clean"),
    "fleurs_hy": newest_layouts.fleurs_hy,
    "mcv_hy": newest_layouts.common_voice_26_hy,
    **{f"coraal_{name.lower()}": lambda name=name: newest_layouts.coraal(name) for name in coraal.COMPONENTS},  # type: ignore[misc]
}
ALL = {**BUILDERS, **MORE, **NEWEST}


def read(name: str, root: Path) -> list[Utterance]:
    return list(open_dataset(get_dataset(name), Request(root=root)))


def test_every_row_of_the_card_has_a_layout() -> None:
    assert sorted(BUILDERS) == sorted(get_suite("granite_card").benchmarks)


def test_every_corpus_with_two_sources_has_a_layout() -> None:
    """Earnings-22's chunks, which lie in two repositories, are built below; the rest comes with the project."""
    without = {name: {source.kind for source in found.sources} for name, found in datasets().items() if name not in ALL}
    ours = (
        "digits",
        "non_speech",
        "sample_read",
        "sample_commands",
        *(dataset.name for dataset in sample_languages.ALL),
    )
    embedded = {name: {"embedded"} for name in ours}
    nowhere = {name: set[str]() for name in ("aishell1", *(dataset.name for dataset in private.PRIVATE))}
    pairs = {one.name: {"hub", "archive"} for one in FLEURS_PAIRS} | {one.name: {"hub"} for one in COVOST}
    without = {name: kinds for name, kinds in without.items() if pairs.pop(name, None) != kinds}  # see their own tests
    assert not pairs
    assert without == {**nowhere, "earnings22_chunked": {"hub"}, "ami_mix": {"archive"}, **embedded}
    for name, build in ALL.items():
        assert bool(build().files) == any(source.kind == "archive" for source in get_dataset(name).sources), name


def test_meetings_of_ami_as_a_whole_have_speakers_and_times(tmp_path: Path) -> None:
    """The mix lies beside the headsets; segments of both people are turns, in the order of their beginnings."""
    built = BUILDERS["ami_ihm"]()
    headset = next(data for name, data in built.files.items() if name.endswith("Headset-1.wav"))
    write_files(tmp_path, built.files | {"wav_db/EN2002a/audio/EN2002a.Mix-Headset.wav": headset})
    [meeting] = read("ami_mix", tmp_path)
    segments = read("ami_ihm", write_files(tmp_path / "headsets", built.files))
    spoken = sorted(segments, key=lambda one: (one.audio.start or 0.0, one.id))
    assert (meeting.id, meeting.session) == ("AMI_EN2002a_MIX", "EN2002a")
    assert meeting.reference == " ".join(one.reference for one in spoken)
    assert [tuple(turn) for turn in meeting.turns] == [
        (one.tags["speaker"], one.reference, one.audio.start, one.audio.end) for one in spoken
    ]
    assert {turn.speaker for turn in meeting.turns} == {"FEE083", "MEE068"}


@pytest.mark.parametrize("name", ALL)
def test_both_sources_give_the_same(tmp_path: Path, name: str) -> None:
    built = ALL[name]()
    from_hub = read(name, built.write_parquet(tmp_path / "hub"))
    assert {item.id: item.reference for item in from_hub} == built.expected
    assert all(item.duration for item in from_hub)
    assert {item.language for item in from_hub} == {get_dataset(name).language}
    if built.files:
        from_release = read(name, built.write_release(tmp_path / "disk"))
        assert len(from_release) == len(built.expected)
        assert content_hash(from_release) == content_hash(from_hub)
        assert [item.session for item in sorted(from_release, key=lambda item: item.id)] == [
            item.session for item in sorted(from_hub, key=lambda item: item.id)
        ]
        for one, other in zip(
            sorted(from_release, key=lambda item: item.id), sorted(from_hub, key=lambda item: item.id), strict=True
        ):
            assert one.duration == pytest.approx(other.duration, abs=0.011)


PACKED: list[tuple[str, Callable[[], Built], str, str]] = [
    ("mls_de", BUILDERS["mls_de"], "mls_german.tar.gz", "mls_german/"),
    ("mls_es", BUILDERS["mls_es"], "mls_spanish_opus.tar.gz", "mls_spanish_opus/"),
    ("common_voice_15_de", BUILDERS["common_voice_15_de"], "cv-corpus-15.0-2023-09-08-de.tar.gz", "cv-corpus-15.0"),
    ("tedlium", tedlium, "TEDLIUM_release-3.tgz", "TEDLIUM_release-3/"),
    ("fleurs_de", MORE["fleurs_de"], "de_de.tar.gz", "data/"),
]


@pytest.mark.parametrize(("name", "build", "archive", "top"), PACKED)
def test_packed_releases(tmp_path: Path, name: str, build: Callable[[], Built], archive: str, top: str) -> None:
    built = build()
    if name == "fleurs_de":
        packed = fleurs_as_google_packs_it(built)
    else:
        packed = {path: data for path, data in built.files.items() if path.startswith(top)}
    write_tar(tmp_path / "packed" / archive, packed)
    from_release = read(name, built.write_release(tmp_path / "disk"))
    assert content_hash(read(name, tmp_path / "packed")) == content_hash(from_release)


def fleurs_as_google_packs_it(built: Built) -> dict[str, bytes]:
    """``de_de/test.tsv`` and ``de_de/audio/test/*.wav``."""
    import io
    import tarfile

    files = {"de_de/test.tsv": built.files["data/de_de/test.tsv"]}
    with tarfile.open(fileobj=io.BytesIO(built.files["data/de_de/audio/test.tar.gz"])) as inner:
        for member in inner.getmembers():
            file = inner.extractfile(member)
            assert file is not None
            files[f"de_de/audio/{member.name}"] = file.read()
    return files


def test_amis_annotations_may_stay_zipped(tmp_path: Path) -> None:
    built = ami("ihm")
    annotations = {path: data for path, data in built.files.items() if path.startswith("ami_public")}
    write_zip(
        tmp_path / "ami_public_manual_1.6.2.zip", {path.partition("/")[2]: data for path, data in annotations.items()}
    )
    write_files(tmp_path, {path: data for path, data in built.files.items() if path.startswith("wav_db")})
    assert {item.id: item.reference for item in read("ami_ihm", tmp_path)} == built.expected


def test_segments_name_their_place_in_the_recording(tmp_path: Path) -> None:
    found = read("tedlium", tedlium().write_release(tmp_path))
    assert [(item.audio.start, item.audio.end) for item in found] == [(1.0, 3.045), (4.045, 6.515)]
    assert {item.session for item in found} == {"AimeeMullins_2009P"}


def drop(files: dict[str, bytes], part: str) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if part not in path}


def swap(files: dict[str, bytes], part: str, old: bytes, new: bytes) -> dict[str, bytes]:
    return {path: data.replace(old, new) if part in path else data for path, data in files.items()}


FAULTS: list[tuple[str, Callable[[], dict[str, bytes]], str]] = [
    ("tedlium", lambda: drop(tedlium().files, "test/sph"), "transcripts without audio: 1, the first is AimeeMullins"),
    (
        "tedlium",
        lambda: swap(tedlium().files, ".stm", b" <o,f0,female>", b""),
        "line 1: not talk, channel, speaker",
    ),
    ("tedlium", lambda: swap(tedlium().files, ".stm", b" 3.045 ", b" three "), "does not have the form of TEDLIUM"),
    ("tedlium", lambda: drop(tedlium().files, ".stm"), r"looked for legacy/test/stm/\*.stm in"),
    ("gigaspeech", lambda: swap(gigaspeech().files, ".json", b'"aid"', b'"oid"'), "does not have the form of .*aid"),
    ("gigaspeech", lambda: swap(gigaspeech().files, ".json", b"TEST", b"DEV"), "no segment of the subset {TEST}"),
    ("gigaspeech", lambda: swap(gigaspeech().files, ".json", b"]", b""), "broken or truncated JSON"),
    ("gigaspeech", lambda: swap(gigaspeech().files, ".json", b"audios", b"sounds"), "no segment of the subset {TEST}"),
    ("gigaspeech", lambda: drop(gigaspeech().files, ".opus"), "transcripts without audio: 1"),
    (
        "ami_ihm",
        lambda: drop(ami("ihm").files, "Headset-4"),
        "transcripts without audio: 1, the first is EN2002a.Headset-4",
    ),
    ("ami_ihm", lambda: drop(ami("ihm").files, "meetings.xml"), "no corpusResources/meetings.xml"),
    ("ami_ihm", lambda: drop(ami("ihm").files, "EN2002a.E.words"), "no words or no entry .* agent E of EN2002a"),
    ("ami_ihm", lambda: swap(ami("ihm").files, "A.words.xml", b"</nite:root>", b""), "A.words.xml is not XML"),
    ("ami_ihm", lambda: swap(ami("ihm").files, "A.segments", b"words0)", b"wordsX)"), "points at no words"),
    ("ami_ihm", lambda: drop(ami("ihm").files, "wav_db"), "a folder wav_db or amicorpus with the recordings"),
    (
        "earnings21_long",
        lambda: drop(earnings_long("earnings21").files, "4341191.nlp"),
        "4341191.mp3 has no transcript",
    ),
    ("earnings21_long", lambda: drop(earnings_long("earnings21").files, "4341191.mp3"), "transcripts without audio: 1"),
    (
        "common_voice_15_de",
        lambda: swap(common_voice("de").files, "de/test.tsv", b"\t2\t0\t", b"\t2\t"),
        "test.tsv, line 2: 10 fields where the header has 11",
    ),
    ("common_voice_15_de", lambda: drop(common_voice("de").files, "de/test.tsv"), "looked for de/test.tsv in"),
]


@pytest.mark.parametrize(("name", "files", "message"), FAULTS)
def test_broken_releases_are_one_clear_line(
    tmp_path: Path, name: str, files: Callable[[], dict[str, bytes]], message: str
) -> None:
    root = write_files(tmp_path, files())
    with pytest.raises(DataError, match=message) as failure:
        read(name, root)
    assert "\n" not in str(failure.value)
    assert str(tmp_path) in str(failure.value)


def test_durations_come_from_the_metadata_where_it_has_them(tmp_path: Path) -> None:
    built = common_voice("de", "17")
    top = "cv-corpus-17.0-2023-09-08/de"
    clip = next(path.rpartition("/")[2] for path in built.files if path.endswith(".mp3") and path[-6] != "_")
    built.files[f"{top}/clip_durations.tsv"] = f"clip\tduration[ms]\n{clip}\t4321\n".encode()
    found = {f"{item.id}.mp3": item.duration for item in read("common_voice_17_de", built.write_release(tmp_path))}
    assert found[clip] == 4.321


CHUNKS = [("4432298", 0), ("4432298", 1), ("4469836_trimmed", 0)]


def write_chunks(root: Path, rows: list[tuple[str, int]], texts: dict[str, str], drop_audio: str = "") -> Path:
    from tests.benchmarks.layouts import clips, encode

    clip = clips("librispeech_test_other", 1)[0]
    folder = root / "Earnings22-Cleaned-AA-chunked"
    for parent, index in rows:
        name = f"{parent}_chunk_{index:03d}.wav"
        if name != drop_audio:
            write_files(folder, {f"audio/{name}": encode(*clip.samples(), "WAV", "PCM_16")})
    table = [{"file_name": f"{p}_chunk_{i:03d}.wav", "parent_id": p, "chunk_index": i} for p, i in rows]
    write_parquet(folder / "data/test-00000-of-00001.parquet", table)
    calls = [{"id": key, "duration": 1.0, "transcript": text, "language": "en"} for key, text in texts.items()]
    write_parquet(root / "Earnings22-Cleaned-AA" / "data/test-00000-of-00001.parquet", calls)
    return root


TEXTS = {"4432298": "one whole call", "4469836_trimmed": "another call"}


def test_chunks_share_the_reference_of_their_call(tmp_path: Path) -> None:
    found = read("earnings22_chunked", write_chunks(tmp_path, CHUNKS[::-1], TEXTS))
    assert [(item.parent_id, item.chunk_index, item.reference, item.session) for item in found] == [
        ("4432298", 0, "one whole call", "4432298"),
        ("4432298", 1, "one whole call", "4432298"),
        ("4469836_trimmed", 0, "another call", "4469836_trimmed"),
    ]
    assert {item.duration for item in found} == {15.0}


@pytest.mark.parametrize(
    ("rows", "texts", "audio", "message"),
    [
        ([("4432298", 1)], TEXTS, "", "chunk 0 is missing of the call 4432298"),
        ([("4432298", 0), ("4432298", 2)], TEXTS, "", "chunk 1 is missing of the call 4432298"),
        ([("4432298", 0), ("4432298", 0)], TEXTS, "", "chunk 0 is there twice of the call 4432298"),
        ([("4432299", 0)], TEXTS, "", "the call 4432299 has no transcript"),
        (CHUNKS, TEXTS, "4432298_chunk_001.wav", "chunk 1 of 4432298 has no audio file"),
    ],
)
def test_a_missing_chunk_is_an_error(
    tmp_path: Path, rows: list[tuple[str, int]], texts: dict[str, str], audio: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read("earnings22_chunked", write_chunks(tmp_path, rows, texts, audio))


def test_an_opus_header_that_states_48_khz_does_not_change_the_speech(tmp_path: Path) -> None:
    """MLS's Opus files hold 16 kHz speech, and many headers state 48: decoded and resampled it is as long as ever."""
    import soxr

    from harness.audio import load_clip
    from tests.benchmarks.corpus_layouts import english
    from tests.benchmarks.layouts import encode

    clip = english(1)[0]
    samples, rate = clip.samples()
    data = encode(soxr.resample(samples, rate, 48_000), 48_000, "OGG", "OPUS")
    folder = "mls_french_opus/test"
    write_files(
        tmp_path,
        {
            f"{folder}/audio/1/2/1_2_000003.opus": data,
            f"{folder}/transcripts.txt": b"1_2_000003\tbonjour\n",
            f"{folder}/segments.txt": f"1_2_000003\thttps://x\t5.0\t{5 + clip.seconds:.2f}\n".encode(),
        },
    )
    (found,) = read("mls_fr", tmp_path)
    assert len(load_clip(found).waveform) == pytest.approx(len(samples), abs=160)
