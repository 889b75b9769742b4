"""AMI Meeting Corpus test meetings (Carletta et al., 2005): spontaneous, upper-case text without punctuation."""

from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row, SpokenTurn, Utterances
from benchmarks.sources.archive import Release, archive_source, find_release
from benchmarks.sources.hub import hub_source, leaderboard_source, leaderboards_own
from benchmarks.sources.pairing import pair, stem_in

MEETING = r"(?:^|/)(?:AMI_)?((?:EN|ES|IB|IN|IS|TS)\d{4}[a-f]?)"
NOTES = (
    "The number of utterances depends on the segmentation (Kaldi's s5b chunking gives 12,643). Many fillers, one-word "
    "turns and some wrong references; segments as short as 0.04 s. The original release is read in the annotators' own "
    "segments, so its rows are not those of the hub. The session is the meeting."
)


def hub_entry(row: Row) -> Entry:
    """A row of edinburghcstr/ami: audio_id, text, begin_time, end_time, meeting_id, speaker_id."""
    seconds = float(row["end_time"]) - float(row["begin_time"])
    tags = {"speaker": str(row["speaker_id"])}
    return Entry(id=row["audio_id"], reference=row["text"], duration=seconds, session=row["meeting_id"], tags=tags)


TEST = frozenset(f"{series}{letter}" for series in ("ES2004", "IS1009", "TS3003", "EN2002") for letter in "abcd")
"""The meetings of the full-corpus-ASR partition's test set."""
AUDIO_FOLDERS = ("wav_db", "amicorpus")


def parse(config: str, release: Release) -> Utterances:
    """The manual annotations; beside them ``wav_db/<meeting>/audio/<meeting>.Headset-<n>.wav``, ``.Array1-01.wav``."""
    from benchmarks.sources.ami_annotations import segments

    recordings = find_release(release.path.parent, AUDIO_FOLDERS)
    if recordings is None:
        raise Release(release.path.parent).lacks(f"a folder {' or '.join(AUDIO_FOLDERS)} with the recordings")
    entries = segments(release, TEST, headset=config == "ihm")
    yield from pair(Release(recordings), entries, partial(stem_in, ""), "en")


def parse_mix(release: Release) -> Utterances:
    """The manual annotations, each meeting as a whole, and ``<meeting>.Mix-Headset.wav`` in the same folders."""
    from benchmarks.sources.ami_annotations import segments

    recordings = find_release(release.path.parent, AUDIO_FOLDERS)
    if recordings is None:
        raise Release(release.path.parent).lacks(f"a folder {' or '.join(AUDIO_FOLDERS)} with the recordings")
    said: dict[str, list[Entry]] = {}
    for entries in segments(release, TEST, headset=True).values():
        for one in entries:
            said.setdefault(str(one.session), []).append(one)
    meetings = {f"{name}.Mix-Headset": [_whole(name, own)] for name, own in sorted(said.items())}
    yield from pair(Release(recordings), meetings, partial(stem_in, ""), "en")


def _whole(meeting: str, said: list[Entry]) -> Entry:
    """A meeting as one utterance, of which it is known who says what when."""
    said = sorted(said, key=lambda one: (one.start or 0.0, one.id))
    turns = tuple(SpokenTurn(one.tags["speaker"], one.reference, one.start, one.end) for one in said)
    return Entry(
        id=f"AMI_{meeting}_MIX", reference=" ".join(one.reference for one in said), session=meeting, turns=turns
    )


def _dataset(config: str, title: str, file_patterns: tuple[str, ...], **facts: Any) -> Dataset:
    """The benchmark of one microphone."""
    theirs = (leaderboard_source("ami"),) if config == "ihm" else ()
    return Dataset(
        name=f"ami_{config}",
        title=title,
        language="en",
        license="CC-BY-4.0",
        sources=(
            *theirs,
            hub_source("edinburghcstr/ami", config, entry=hub_entry),
            archive_source(
                "ami_public_manual_1.6.2.zip beside wav_db",
                (r"ami_public_manual_1\.6\.\d", r"ami_public_manual_1\.6\.\d\.zip"),
                partial(parse, config),
                locked=(),
            ),
        ),
        rows=12643,
        url="https://groups.inf.ed.ac.uk/ami/corpus/",
        citation="Carletta et al., The AMI Meeting Corpus: A Pre-announcement, MLMI 2005",
        session_pattern=MEETING,
        file_patterns=file_patterns,
        **facts,
    )


IHM = _dataset(
    "ihm",
    "AMI, individual headsets",
    (r"(?<![a-z])ami(_ihm)?_test", r"(?<![a-z])ami(_ihm)?$"),
    columns=("AMI WER",),
    superseded_by="ami_cleaned",
    notes=NOTES,
)
SDM = _dataset(
    "sdm", "AMI, one distant microphone", (r"(?<![a-z])ami_sdm(_test)?",), notes=NOTES + " Overlapped speech."
)
MIX = Dataset(
    name="ami_mix",
    title="AMI, whole meetings, mix of the headsets, with speakers",
    language="en",
    license="CC-BY-4.0",
    sources=(
        archive_source(
            "ami_public_manual_1.6.2.zip beside wav_db, with Mix-Headset.wav of the test meetings",
            (r"ami_public_manual_1\.6\.\d", r"ami_public_manual_1\.6\.\d\.zip"),
            parse_mix,
            locked=(),
        ),
    ),
    rows=16,
    url="https://groups.inf.ed.ac.uk/ami/corpus/",
    citation="Carletta et al., The AMI Meeting Corpus: A Pre-announcement, MLMI 2005",
    session_pattern=MEETING,
    file_patterns=(r"(?<![a-z])ami_mix",),
    notes="Each of the 16 test meetings is one utterance: the annotators' segments in the order of their beginnings, "
    "with speakers and times: for cpWER, tcpWER and DER (docs/scoring.md).",
)
CLEANED = leaderboards_own(
    "ami_cleaned",
    "AMI, individual headsets, cleaned by the leaderboard in July 2026",
    hours=7.9799,
    session_pattern=MEETING,
    file_patterns=(r"(?<![a-z])ami[_-]cleaned(_test)?",),
    columns=("AMI-Cleaned WER",),
    notes="A corrected subset of ami_ihm, without clips under 1 s. The recordings are AMI's (CC-BY-4.0); of the "
    "corrected copy no license is known here.",
)
