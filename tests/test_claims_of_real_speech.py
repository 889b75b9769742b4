"""Who spoke, when, how it is written, which names, in which language: real speech, as real recognizers wrote it.

Each test begins with files in forms of docs/scoring.md and walks through score, report, compare and gate. References
are those of real corpora, which are not part of the project; what was heard is (tests/data/heard/NOTICE).
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.scoring.profile_files import get_profile
from harness.scoring.speakers_library import missing
from tests.benchmarks.own.found import write
from tests.harness.scoring.written.test_nemo import restated

DATA = Path(__file__).parent / "data"
Row = dict[str, Any]


def heard(file: str, corpus: str) -> dict[str, Row]:
    """What a recognizer wrote of each recording of a corpus."""
    lines = (DATA / "heard" / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines) if row["set"] == corpus}


def said(shared: Path, corpus: str) -> dict[str, Row]:
    """The corpus's own transcripts."""
    lines = (shared / "corpora" / corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def jsonl(path: Path, rows: list[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, *(json.dumps(row, ensure_ascii=False) for row in rows))


@dataclass(frozen=True, slots=True)
class Walk:
    """What the four verbs say of a system and of a damaged copy of it."""

    good: dict[str, Any]
    """Of each metric what was counted, and of what."""
    damaged: dict[str, Any]
    values: dict[str, float]
    """Of the good one."""
    page: str
    differences: dict[str, float]
    """The good one minus the damaged one."""


def walk(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: tuple[Path, Path],
    metrics: dict[str, float],
    *given: str,
) -> Walk:
    """Goes through all verbs; the gate passes the good one beside itself and fails the damaged one.

    Args:
        tmp_path: for what is written.
        capsys: for what is printed.
        files: of a system, and of its damaged copy.
        metrics: each with the margin of the gate's policy.
        given: flags for every verb.
    """
    asked = [part for name in metrics for part in ("--metric", name)]
    paths = [str(path) for path in files]

    def printed(*command: str, status: int = 0) -> Any:
        capsys.readouterr()
        assert main([*command, *given, "--json"]) == status
        return json.loads(capsys.readouterr().out)

    scores = [printed("score", path, *asked)[0]["benchmarks"][0]["metrics"] for path in paths]
    counts = [{name: (one[name]["count"], one[name]["of"]) for name in metrics} for one in scores]
    assert main(["report", *paths, *asked, *given, "--out", str(tmp_path / "report")]) == 0
    rows = json.loads((tmp_path / "report" / "metrics.json").read_text(encoding="utf-8"))["rows"]
    values = {name: scores[0][name]["value"] for name in metrics}
    assert any({name: row[name] for name in metrics} == pytest.approx(values) for row in rows)
    blocks = printed("compare", *paths, *asked)["metrics"]
    differences = {block["metric"]: block["pairs"][0]["difference"]["value"] for block in blocks}
    assert list(differences) == list(metrics)
    tables = "".join(f"[metrics.{json.dumps(name)}]\nmargin = {margin}\n" for name, margin in metrics.items())
    tier = "" if "bleu" in metrics else '[wer]\ntier = "informative"\n'
    policy = ["--policy", str(write(tmp_path / "policy.toml", f"{tier}{tables}"))]
    for run, status, verdict in ((paths[0], 0, "PASS"), (paths[1], 1, "FAIL")):
        findings = printed("gate", run, "--baseline", paths[0], *policy, status=status)["findings"]
        judged = {one["metric"]: one["verdict"] for one in findings if one["metric"] in metrics}
        assert judged == dict.fromkeys(metrics, verdict)
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    return Walk(counts[0], counts[1], values, page, differences)


def normalized(text: str) -> str:
    return get_profile("leaderboard@2026-08").texts("en").together(text)[0][0]


@pytest.fixture
def meetings(shared: Path) -> list[Row]:
    """Seven made of real clips, two speakers each: two turns of one, then one of the next."""
    references, found = said(shared, "librispeech_test_other"), heard("whisper-tiny.en", "librispeech_test_other")
    by_speaker: dict[str, list[str]] = {}
    for name in sorted(found):
        by_speaker.setdefault(references[name]["speaker"], []).append(name)
    speakers, turns = list(by_speaker), list[Row]()
    for at, speaker in enumerate(speakers):
        begin = 0.0
        other = by_speaker[speakers[(at + 1) % len(speakers)]]
        for name in (*by_speaker[speaker][:2], other[2]):
            end = begin + references[name]["duration_s"]
            turn = {
                "session_id": f"m{at}",
                "speaker": references[name]["speaker"],
                "start_time": begin,
                "end_time": end,
            }
            turns.append({**turn, "words": references[name]["text"], "heard": found[name]["text"]})
            begin = end
    return turns


def test_who_spoke(meetings: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if missing("meeteval"):
        pytest.skip("meeteval is not installed")
    import meeteval

    reference = [{key: value for key, value in turn.items() if key != "heard"} for turn in meetings]
    hypothesis = [{**turn, "words": both["heard"]} for turn, both in zip(reference, meetings, strict=True)]
    mixed_up = [{**turn, "speaker": hypothesis[at + 1]["speaker"]} if at % 3 == 1 else turn
                for at, turn in enumerate(hypothesis)]  # fmt: skip
    for name, turns in (("said", reference), ("good", hypothesis), ("bad", mixed_up)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "talk.json", json.dumps(turns))
    files = tmp_path / "good" / "talk.json", tmp_path / "bad" / "talk.json"
    metrics = {"cp_wer": 2.0, "attribution_errors": 2.0, "wder": 2.0}
    found = walk(tmp_path, capsys, files, metrics, "--reference", str(tmp_path / "said" / "talk.json"))
    for turns, counted in ((hypothesis, found.good), (mixed_up, found.damaged)):
        errors = words = 0
        for session in {turn["session_id"] for turn in meetings}:
            sides = [[{**turn, "words": normalized(turn["words"])} for turn in side if turn["session_id"] == session]
                     for side in (reference, turns)]  # fmt: skip
            one = meeteval.wer.cp_word_error_rate(*map(meeteval.io.SegLST, sides))
            errors, words = errors + one.errors, words + one.length
        assert counted["cp_wer"] == (errors, words)
    assert found.good == {"cp_wer": (30, 190), "attribution_errors": (0, 190), "wder": (0, 189)}
    assert found.damaged == {"cp_wer": (125, 190), "attribution_errors": (95, 190), "wder": (51, 189)}
    assert found.differences["cp_wer"] == pytest.approx(-95 / 190)
    assert "cpWER" in found.page


def test_who_spoke_in_a_real_meeting(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """AMI's headset mix, which whisper hears as one speaker, and two channels, each heard for itself."""
    if missing("meeteval"):
        pytest.skip("meeteval is not installed")
    mix, sides = "EN2002b_300-360s_headset_mix", heard("whisper-tiny.en", "two_channel")
    meeting, [call] = said(shared, "ami")[mix], said(shared, "two_channel").values()
    rows: list[Row] = [
        {
            "id": "meeting",
            "turns": meeting["turns"],
            "pred_turns": [{"speaker": "1", "text": heard("whisper-tiny.en", "ami")[mix]["text"]}],
        },
        {
            "id": "call",
            "turns": [{"speaker": str(at), "text": text} for at, text in enumerate(call["text_by_channel"])],
            "pred_turns": [{"speaker": name, "text": row["text"]} for name, row in sides.items()],
        },
    ]
    for row in rows:
        row["text"], row["pred_text"] = (" ".join(turn["text"] for turn in row[key]) for key in ("turns", "pred_turns"))
    path = jsonl(tmp_path / "talk.jsonl", rows)
    asked = [part for name in ("cp_wer", "orc_wer", "speakers_miscounted") for part in ("--metric", name)]
    assert main(["score", str(path), *asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)[0]["benchmarks"][0]["metrics"]
    import meeteval

    cp = orc = words = 0
    for row in rows:
        said_turns, heard_turns = (
            meeteval.io.SegLST(
                [
                    {"session_id": "a", "speaker": turn["speaker"], "words": normalized(turn["text"])}
                    for turn in row[key]
                ]
            )
            for key in ("turns", "pred_turns")
        )
        one = meeteval.wer.cp_word_error_rate(said_turns, heard_turns)
        cp, words = cp + one.errors, words + one.length
        orc += meeteval.wer.orc_word_error_rate(said_turns, heard_turns).errors
    assert (found["cp_wer"]["count"], found["cp_wer"]["of"]) == (cp, words)
    assert found["orc_wer"]["count"] == orc
    assert found["speakers_miscounted"]["count"] == 2  # three spoke in the meeting
    assert (cp, orc, words) == (230, 111, 247)


def test_when_words_were_said(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CTM against CTM: whisper's times beside those of a forced alignment, and a copy that is 300 ms late."""
    references, aligned = said(shared, "librispeech_test_other"), heard("aligned", "librispeech_test_other")
    found = heard("whisper-tiny.en", "librispeech_test_other")

    def ctm(folder: str, rows: dict[str, Row], texts: dict[str, Row], late: float = 0.0) -> Path:
        path = tmp_path / folder / "read.ctm"
        path.parent.mkdir()
        return write(path, *(
            f"{name} 1 {start + late:.2f} {end - start:.2f} {word}"
            for name in sorted(rows)
            for word, (start, end) in zip(texts[name]["text"].split(), rows[name]["words"], strict=True)
        ))  # fmt: skip

    reference = ctm("said", aligned, references)
    files = ctm("good", found, found), ctm("bad", found, found, 0.3)
    metrics = {"start_error": 50.0, "start_within_200ms": 10.0}
    walked = walk(tmp_path, capsys, files, metrics, "--reference", str(reference))
    assert walked.good["start_error"] == (pytest.approx(28_720), 167)
    assert walked.good["start_within_200ms"] == (122, 167)
    assert walked.damaged["start_within_200ms"] == (18, 167)
    assert walked.differences["start_error"] == pytest.approx((28_720 - 64_380) / 167)
    assert "start error" in walked.page


def test_when_words_of_textgrids_were_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TextGrids against a recognizer's JSON. Of two recordings there is no interval, and the gate says so."""
    grids, found = DATA / "textgrids", heard("whisper-tiny.en", "textgrids")
    for folder, late in (("whisper", 0.0), ("late", 0.08)):
        (tmp_path / folder).mkdir()
        for name, row in found.items():
            words = [
                {"word": word, "start": start + late, "end": end + late}
                for word, (start, end) in zip(row["text"].split(), row["words"], strict=True)
            ]
            write(tmp_path / folder / f"{name}.json", json.dumps({"text": row["text"], "words": words}))
    given = ("--reference", str(grids), "--metric", "start_error", "--metric", "words_timed")
    assert main(["score", str(tmp_path / "whisper"), *given, "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    metrics = score["benchmarks"][0]["metrics"]
    starts = {"mary": (315.4201, 675.5500, 983.9070, 1063.7256), "bobby": (64.6912, 411.5646, 657.6882, 740.8163)}
    off = sum(
        abs(1000 * start - at)
        for name, row in found.items()
        for (start, _), at in zip(row["words"], starts[name], strict=True)
    )
    assert metrics["start_error"]["value"] == pytest.approx(off / 8, abs=1e-3)
    assert metrics["words_timed"]["count"] == metrics["words_timed"]["of"] == 8
    assert metrics["start_error"]["interval"] is None
    policy = write(tmp_path / "policy.toml", '[wer]\ntier = "informative"\n[metrics.start_error]\nmargin = 5.0\n')
    gate = ["gate", str(tmp_path / "late"), "--baseline", str(tmp_path / "whisper"), *given[:2], "--json"]
    assert main([*gate, "--policy", str(policy)]) == 3
    findings = {one["metric"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    finding = findings["start_error"]
    assert (finding["verdict"], finding["reason"]) == ("INCONCLUSIVE", "too few sessions")


def test_how_it_is_written(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV: punctuation and capitals of what was read from a book, and a copy without marks."""
    references, found = said(shared, "ljspeech"), heard("whisper-tiny.en", "ljspeech")
    files = tmp_path / "good" / "book.csv", tmp_path / "bad" / "book.csv"
    for path in files:
        path.parent.mkdir()
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["id", "text", "pred_text"])
            for name, row in found.items():
                text = row["text"]
                bare = "".join(sign for sign in text if sign not in ",.;:").lower()
                table.writerow([name, references[name]["text"], text if path is files[0] else bare])
    metrics = {"punctuation_f1": 2.0, "punctuation_error_rate_nemo": 2.0, "capitalization_error_rate": 2.0}
    walked = walk(tmp_path, capsys, files, metrics)
    totals = Counter[str]()
    for name, row in found.items():
        restated_counts = restated(references[name]["text"], row["text"], ".,?")
        totals.update({what: times.total() for what, times in restated_counts.items()})
    wrong = totals["deleted"] + totals["inserted"] + totals["substituted"]
    assert walked.good["punctuation_error_rate_nemo"] == (wrong, wrong + totals["correct"])
    assert walked.good["punctuation_error_rate_nemo"] == (14, 30)
    assert (walked.good["punctuation_f1"], walked.damaged["punctuation_f1"]) == ((16, 23.5), (0, 10.5))
    assert walked.good["capitalization_error_rate"] == (3, 144)
    assert walked.damaged["capitalization_error_rate"] == (18, 144)
    assert "punctuation F1" in walked.page


def test_which_names(meetings: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list of the LibriSpeech biasing lists' form: long words of each utterance, beside one that nobody says."""
    rows = [{"id": f"u{at}", "session": turn["speaker"], "text": turn["words"], "pred_text": turn["heard"]}
            for at, turn in enumerate(meetings)]  # fmt: skip
    long = {row["id"]: [word.lower() for word in row["text"].split() if len(word) > 7] for row in rows}
    names = write(tmp_path / "words.tsv", *(
        "\t".join((name, "text", json.dumps(words), json.dumps([*words, "zebra"]))) for name, words in long.items()
    ))  # fmt: skip
    worse = [{**row, "pred_text": " ".join("thing" if len(word) > 7 else word for word in row["pred_text"].split())}
             for row in rows]  # fmt: skip
    files = jsonl(tmp_path / "good" / "read.jsonl", rows), jsonl(tmp_path / "bad" / "read.jsonl", worse)
    metrics = {"keyword_f1": 5.0, "keyword_recall": 5.0, "biased_wer": 5.0}
    walked = walk(tmp_path, capsys, files, metrics, "--keywords", str(names))
    of = right = written = 0
    for row in rows:
        words = normalized(row["pred_text"]).split()
        of += sum(normalized(row["text"]).split().count(word) for word in set(long[row["id"]]))
        written += sum(words.count(word) for word in set(long[row["id"]]))
        right += sum(
            min(words.count(word), normalized(row["text"]).split().count(word)) for word in set(long[row["id"]])
        )
    assert walked.good["keyword_recall"] == (right, of)
    assert walked.good["keyword_f1"] == (right, (of + written) / 2)
    assert walked.good == {"keyword_f1": (16, 16.5), "keyword_recall": (16, 17), "biased_wer": (1, 17)}
    assert walked.damaged == {"keyword_f1": (0, 8.5), "keyword_recall": (0, 17), "biased_wer": (17, 17)}
    assert "keyword F1" in walked.page


ENGLISH = {
    "a01": "The tablecloth is lying on the fridge.",
    "a02": "She will hand it in on Wednesday.",
    "a04": "Tonight I could tell him.",
    "a07": "In seven hours it will be.",
}
"""What the sentences of EmoDB mean, by their codes."""


def test_in_which_language(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON lines of translations from German: scores are sacrebleu's; the copy says one thing over and over."""
    sacrebleu = pytest.importorskip("sacrebleu")
    spoken, found = said(shared, "emodb"), heard("whisper-base", "emodb")
    rows = [
        {"id": name, "session": spoken[name]["speaker"], "language": "de", "target_language": "en"}
        | {"translation": ENGLISH[name[2:5]], "pred_text": row["translation"]}
        for name, row in found.items()
    ]
    worse = [{**row, "pred_text": "Thank you for watching and see you in the next one."} for row in rows]
    files = jsonl(tmp_path / "good" / "talk.jsonl", rows), jsonl(tmp_path / "bad" / "talk.jsonl", worse)
    walked = walk(tmp_path, capsys, files, {"bleu": 1.0, "chrf": 1.0, "ter": 1.0})
    texts = [row["pred_text"] for row in rows], [[row["translation"] for row in rows]]
    assert walked.values == {
        "bleu": sacrebleu.corpus_bleu(*texts).score,
        "chrf": sacrebleu.corpus_chrf(*texts, word_order=2).score,
        "ter": sacrebleu.corpus_ter(*texts).score,
    }
    assert walked.values["bleu"] == pytest.approx(7.8288749876)
    assert walked.differences["ter"] == pytest.approx(-77.6118940, abs=1e-4)
    assert "nrefs:1|case:mixed|eff:no|tok:13a" in walked.page
