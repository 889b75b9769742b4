"""Our counts and matched pairs against NIST's own tools, on hostile words and on pairs of real models.

What sc_stats says of the real pairs is stored in nist_mapsswe.json, aggregate figures only, so that the comparison runs
where its tools are missing too. To make it anew (Debian's sctk installed, `ASR_TEST_DATA` as for the tests):

    python tests/harness/scoring/test_against_nist.py
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness.scoring.align import align_nist
from harness.scoring.interchange import write_stm, write_trn
from harness.scoring.significance import mark_words, matched_pairs

HOSTILE = 'a(b) {x / y} ;; <c> 50% %28 back\\slash "quoted" a:b,c * @ - don\'t Ärger 今日 (spk-1)'
STORED = Path(__file__).with_name("nist_mapsswe.json")
DATA = Path(os.environ.get("ASR_TEST_DATA", Path(__file__).parents[4] / "shared")) / "predictions" / "normalized"
MODELS = ("mistralai-Voxtral-Mini-3B-2507", "openai-whisper-large-v3")
SETS = ("ami_test", "earnings22_test", "librispeech_test.clean", "librispeech_test.other", "voxpopuli_test")
LAST = "zzlastzz"
"""Ends reference and hypotheses given to sc_stats, which would overlook what the second one inserts at the very end."""
_DEBIAN = Path("/usr/lib/sctk/bin")


def tool(name: str) -> str | None:
    """The path of one of NIST's tools, or None."""
    return shutil.which(name) or (str(_DEBIAN / name) if (_DEBIAN / name).exists() else None)


needs_sctk = pytest.mark.skipif(
    tool("sclite") is None or tool("sc_stats") is None, reason="NIST's sclite is not installed (Debian: sctk)"
)


def sclite(
    reference: Path, hypotheses: list[tuple[str, Path]], *reports: str, formats: tuple[str, str] = ("trn", "trn")
) -> None:
    """Score hypotheses with titles; reports land beside the reference."""
    command = [str(tool("sclite")), "-r", reference.name, formats[0]]
    for title, path in hypotheses:
        command += ["-h", path.name, formats[1], title]
    ids = ["-i", "spu_id"] if formats[0] == "trn" else []
    subprocess.run(
        [*command, *ids, "-s", "-e", "utf-8", "-o", *reports],
        cwd=reference.parent, check=True, capture_output=True, timeout=300,
    )  # fmt: skip


def sclite_counts(
    reference: Path, hypothesis: Path, formats: tuple[str, str] = ("trn", "trn")
) -> tuple[int, int, int, int]:
    """Correct, substituted, deleted and inserted words by sclite."""
    sclite(reference, [("system", hypothesis)], "rsum", formats=formats)
    report = (reference.parent / f"{hypothesis.name}.raw").read_text(encoding="utf-8")
    match = re.search(r"\|\s*Sum\s*\|([^|]*)\|([^|]*)\|", report)
    assert match is not None, report
    correct, substituted, deleted, inserted = (int(number) for number in match[2].split()[:4])
    return correct, substituted, deleted, inserted


def sc_stats(reference: Path, hypotheses: list[tuple[str, Path]]) -> dict[str, float]:
    """Segments, errors in them, mean, standard deviation, Z and p of the matched pairs test of two systems."""
    sclite(reference, hypotheses, "sgml")
    folder = reference.parent
    alignments = b"".join((folder / f"{path.name}.sgml").read_bytes() for _, path in hypotheses)
    for flags in (["-v"], ["-u"]):
        subprocess.run(
            [str(tool("sc_stats")), "-p", "-t", "mapsswe", *flags, "-n", "out", "-O", "."],
            cwd=folder, input=alignments, check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        if flags == ["-v"]:
            report = (folder / "out.stats.mapsswe").read_text(encoding="utf-8", errors="replace")
    unified = (folder / "out.stats.unified").read_text(encoding="utf-8", errors="replace")
    totals = re.search(r"Totals\s+(\d+)\s+(\d+)\s+(\d+)", report)
    result = re.search(r"# segs: (\d+)\).*\(mean: (\S+)\) \(std dev: (\S+)\) \(Z Stat: (\S+)\)", report)
    p = re.search(r"MP\s*\|\|[^|]*\|[^|]*\|[^|]*?([<>]?0\.\d+|1\.000)", unified)
    assert totals is not None, report[:2000]
    assert result is not None, report[:2000]
    assert p is not None, unified[:2000]
    return {
        "segments": int(result[1]),
        "first_errors": int(totals[2]),
        "second_errors": int(totals[3]),
        "mean": float(result[2]),
        "standard_deviation": float(result[3]),
        "z": float(result[4]),
        "p": float(p[1].lstrip("<>")),
    }


@needs_sctk
def test_sclite_counts_hostile_words_as_written(tmp_path: Path) -> None:
    write_trn(tmp_path / "ref.trn", [("s-1", HOSTILE), ("s-2", ""), ("s-3", "one two three")])
    write_trn(tmp_path / "hyp.trn", [("s-1", HOSTILE.replace("{x", "{z")), ("s-2", "ins"), ("s-3", "")])
    words = len(HOSTILE.split()) + 3
    assert sclite_counts(tmp_path / "ref.trn", tmp_path / "hyp.trn") == (words - 4, 1, 3, 1)


@needs_sctk
def test_sclite_counts_random_texts_as_we_do(tmp_path: Path) -> None:
    generator = random.Random(4)
    rows = []
    for index in range(300):
        reference = generator.choices(["a", "b", "(c)", "{d}", "e%", "f:g"], k=generator.randrange(12))
        heard = [word for word in reference if generator.random() > 0.2]
        for _ in range(generator.randrange(3)):
            heard.insert(generator.randrange(len(heard) + 1), generator.choice("abz"))
        rows.append((f"s-{index}", reference, heard))
    write_trn(tmp_path / "ref.trn", [(name, " ".join(reference)) for name, reference, _ in rows])
    write_trn(tmp_path / "hyp.trn", [(name, " ".join(heard)) for name, _, heard in rows])
    marks = [mark_words(align_nist(reference, heard)) for _, reference, heard in rows]
    hits, substitutions, deletions, insertions = sclite_counts(tmp_path / "ref.trn", tmp_path / "hyp.trn")
    assert insertions == sum(sum(mark.inserted) for mark in marks)
    assert substitutions + deletions == sum(sum(mark.wrong) for mark in marks)
    assert hits + substitutions + deletions == sum(len(reference) for _, reference, _ in rows)


@needs_sctk
def test_sclite_reads_our_stm(tmp_path: Path) -> None:
    write_stm(tmp_path / "ref.stm", [("a", "s", 3.0, "one (two) three"), ("b", "s", 1.0, "four")])
    ctm = tmp_path / "hyp.ctm"
    ctm.write_text("a 1 0.1 0.2 one\na 1 0.5 0.2 %28two%29\nb 1 0.1 0.2 five\n", encoding="utf-8")
    assert sclite_counts(tmp_path / "ref.stm", ctm, formats=("stm", "ctm")) == (2, 1, 1, 0)


def real_pair(test_set: str) -> list[tuple[str, str, str]]:
    """Reference and what both models heard, all utterances of a set."""
    files = [
        DATA / f"MODEL_{model}_DATASET_hf-audio-esb-datasets-test-only-sorted_{test_set}.jsonl" for model in MODELS
    ]
    if not all(file.exists() for file in files):
        pytest.skip(f"no real predictions at {DATA} (ASR_TEST_DATA moves it)")
    first, second = (list(map(json.loads, file.read_text(encoding="utf-8").splitlines())) for file in files)
    assert [row["text"] for row in first] == [row["text"] for row in second]
    return [(one["text"], one["pred_text"], other["pred_text"]) for one, other in zip(first, second, strict=True)]


def by_sc_stats(rows: list[tuple[str, str, str]], folder: Path) -> dict[str, float]:
    """What sc_stats says about the two hypotheses of each row."""
    for column, name in enumerate(("ref", "first", "second")):
        write_trn(folder / f"{name}.trn", [(f"s-{i:06d}", f"{row[column]} {LAST}") for i, row in enumerate(rows)])
    return sc_stats(folder / "ref.trn", [("first", folder / "first.trn"), ("second", folder / "second.trn")])


def assert_ours_is(rows: list[tuple[str, str, str]], theirs: dict[str, float]) -> None:
    first, second = ([mark_words(align_nist(row[0].split(), row[at].split())) for row in rows] for at in (1, 2))
    marks = list(zip(first, second, strict=True))
    ours = matched_pairs(marks)
    assert (ours.segments, ours.first_errors, ours.second_errors) == (
        theirs["segments"],
        theirs["first_errors"],
        theirs["second_errors"],
    )
    assert round(ours.mean, 3) == theirs["mean"]
    assert round(ours.standard_deviation, 3) == theirs["standard_deviation"]
    assert ours.z is not None
    assert round(ours.z, 3) == theirs["z"]
    assert ours.p == pytest.approx(theirs["p"], abs=0.0065)  # theirs is of |z| rounded down to a table's 0.01
    swapped = matched_pairs([(second, first) for first, second in marks])
    assert (swapped.z, swapped.p) == (-ours.z, ours.p)


@pytest.mark.parametrize("test_set", SETS)
def test_matched_pairs_equal_what_sc_stats_said(test_set: str) -> None:
    assert_ours_is(real_pair(test_set), json.loads(STORED.read_text(encoding="utf-8"))[test_set])


@needs_sctk
@pytest.mark.parametrize("test_set", ["librispeech_test.clean", "voxpopuli_test"])
def test_matched_pairs_equal_sc_stats(test_set: str, tmp_path: Path) -> None:
    rows = real_pair(test_set)
    assert_ours_is(rows, by_sc_stats(rows, tmp_path))


@needs_sctk
def test_matched_pairs_equal_sc_stats_on_random_texts(tmp_path: Path) -> None:
    generator = random.Random(9)

    def heard(words: list[str]) -> str:
        kept = [word for word in words if generator.random() > 0.1]
        for _ in range(generator.choice([0, 0, 0, 1, 2])):
            kept.insert(generator.randrange(len(kept) + 1), generator.choice("xyz"))
        return " ".join(kept)

    references = [generator.choices("abcdefgh", k=generator.randrange(20)) for _ in range(400)]
    rows = [(" ".join(words), heard(words), heard(words)) for words in references]
    assert_ours_is(rows, by_sc_stats(rows, tmp_path))


def main() -> None:
    """Write the stored figures."""
    figures = {}
    for test_set in SETS:
        with tempfile.TemporaryDirectory() as folder:
            figures[test_set] = by_sc_stats(real_pair(test_set), Path(folder))
        print(test_set, figures[test_set])
    STORED.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
