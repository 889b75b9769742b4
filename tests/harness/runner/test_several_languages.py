"""Data of one's own in several languages, from the command to table, progress, gate and scores.json."""

import json
from pathlib import Path

import pytest
import soundfile

from harness.cli import main
from harness.progress import Tally
from harness.records.codec import read
from harness.records.journal import Line
from harness.records.run import RunRecord, read_run_record
from harness.records.scores import BenchmarkScore, Scores
from harness.scoring.profile_files import get_profile
from harness.scoring.score import speeds_of
from harness.types import SAMPLE_RATE

ROWS = [
    ("a", "Guten Morgen Welt", "guten abend welt", "de"),
    ("b", "Die Straße ist lang", "die straße ist lang", "de"),
    ("c", "It is okay", "it is okay", "en"),
    ("d", "राम की किताब", "रोम की किताब", "hi"),
    ("e", "我們讀書", "我们讀書", "zh-TW"),
]


def write(folder: Path, ids: str, *, spoken: bool = True) -> Path:
    """The manifest of some of the rows, and what a system heard."""
    folder.mkdir()
    rows = [row for row in ROWS if row[0] in ids]
    manifest, heard = [], []
    for name, text, hypothesis, language in rows:
        soundfile.write(folder / f"{name}.wav", [0.0] * (SAMPLE_RATE // 10), SAMPLE_RATE)
        manifest.append({"audio": f"{name}.wav", "text": text} | ({"language": language} if spoken else {}))
        heard.append({"id": name, "pred_text": hypothesis})
    (folder / "heard.jsonl").write_text("".join(json.dumps(one) + "\n" for one in heard))
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in manifest))
    return path


def run(manifest: Path, *more: str) -> int:
    out = manifest.parent / "runs"
    model = f"transcripts:{manifest.parent / 'heard.jsonl'}"
    return main(["--data", str(manifest), "--model", model, "--out", str(out), "--quiet", *more])


def folder_of(manifest: Path) -> Path:
    (found,) = (manifest.parent / "runs" / "data_mine").glob("*heard.jsonl")
    return found


def scores_of(manifest: Path) -> dict[str, BenchmarkScore]:
    scores = read(folder_of(manifest) / "scores.json", Scores)
    return {entry.benchmark: entry for entry in scores.benchmarks}


def test_each_language_is_a_part_and_the_speed_is_of_the_whole(tmp_path: Path) -> None:
    manifest = write(tmp_path / "data", "abce")
    assert run(manifest) == 0
    entries, speed = scores_of(manifest), read_run_record(folder_of(manifest)).benchmarks["data_mine"].speed
    assert {name: entry.part_of for name, entry in entries.items()} == dict.fromkeys(
        ("data_mine_de", "data_mine_en", "data_mine_zh"), "data_mine"
    )
    assert [entry.rate for entry in entries.values()] == [1 / 7, 0.0, 0.25]
    assert speeds_of(entries.values()) == {"data_mine": speed}


@pytest.mark.parametrize(("ids", "profile"), [("abc", "leaderboard@2026-08"), ("abcd", "unicode@2026-11")])
def test_rules_are_those_that_score_takes_for_the_same_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ids: str, profile: str
) -> None:
    manifest = write(tmp_path / "data", ids)
    assert run(manifest) == 0
    assert read_run_record(folder_of(manifest)).profile == profile
    rows = [{"text": text, "pred_text": heard, "language": spoken} for name, text, heard, spoken in ROWS if name in ids]
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    capsys.readouterr()
    assert main(["score", str(theirs), "--json"]) == 0
    (scored,) = json.loads(capsys.readouterr().out)
    assert scored["profile"]["name"] == profile
    assert [one["wer"] for one in scored["benchmarks"]] == [entry.wer for entry in scores_of(manifest).values()]


def test_the_gate_passes_a_run_against_itself_and_not_a_part_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write(tmp_path / "data", "abc")
    assert run(manifest) == 0
    folder = folder_of(manifest)
    assert main(["gate", str(folder), "--baseline", str(folder)]) == 0
    journal = folder / "data_mine.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[1:]))
    capsys.readouterr()
    assert main(["gate", str(folder), "--baseline", str(folder)]) == 3
    assert "the run has 2 of 3 utterances" in capsys.readouterr().out


def test_a_sample_is_marked_in_every_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write(tmp_path / "data", "abce")
    assert run(manifest, "--limit", "3") == 0
    assert {entry.part_of for entry in scores_of(manifest).values()} == {"data_mine"}
    assert "† a sample only: --limit 3" in capsys.readouterr().out


def test_another_language_is_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write(tmp_path / "data", "abc", spoken=False)
    assert run(manifest) == 0
    assert run(manifest, "--language", "de") == 2
    assert "holds a run with language 'en', this one has 'de'" in capsys.readouterr().err
    stated = [
        run(manifest, *more) or scores_of(manifest)["data_mine"].language_stated for more in ((), ("--language", "en"))
    ]
    assert stated == [False, True]


def test_an_older_run_does_not_say_the_language_but_its_benchmark_does(tmp_path: Path) -> None:
    manifest = write(tmp_path / "data", "abc", spoken=False)
    assert run(manifest, "--language", "de") == 0
    path = folder_of(manifest) / "run.json"
    record = json.loads(path.read_text())
    del record["fingerprint"]["language"]
    path.write_text(json.dumps(record))
    assert isinstance(read_run_record(path.parent), RunRecord)
    assert [run(manifest, "--language", spoken) for spoken in ("de", "fr")] == [0, 2]


def test_where_each_row_says_its_language_none_is_asked_for(tmp_path: Path) -> None:
    manifest = write(tmp_path / "data", "abc")
    assert [run(manifest), run(manifest, "--language", "fr")] == [0, 0]


def test_the_progress_of_several_languages() -> None:
    tally = Tally(get_profile("unicode@2026-11"))
    tally.add([Line(id=name, reference=text, hypothesis=said, language=to[:2]) for name, text, said, to in ROWS])
    assert str(tally) == "de 14.29 % WER, en 0.00 % WER, hi 33.33 % WER, zh 25.00 % CER"


def test_the_progress_leaves_out_what_the_table_does() -> None:
    tally = Tally(get_profile("leaderboard@2026-08"))
    tally.add(
        [
            Line(id=name, reference=text, hypothesis="and so on", language="en")
            for name, text in (("a", "[noise]"), ("b", "and so"))
        ]
    )
    assert str(tally) == "50.00 % WER"


@pytest.mark.parametrize(
    ("ids", "more", "languages", "macro"),
    [
        ("abc", (), {"de": ("wer", 1 / 7), "en": ("wer", 0.0)}, 0.1429 / 2),
        ("abce", (), {"de": ("wer", 1 / 7), "en": ("wer", 0.0), "zh": ("cer", None)}, None),
        (
            "abcd",
            ("--profile", "unicode@2026-11"),
            {"de": ("wer", 1 / 7), "en": ("wer", 0.0), "hi": ("wer", 1 / 3)},
            10 / 63,
        ),
    ],
)
def test_progress_table_and_page_say_the_same_of_each_language(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ids: str,
    more: tuple[str, ...],
    languages: dict[str, tuple[str, float | None]],
    macro: float | None,
) -> None:
    manifest = write(tmp_path / "data", ids)
    out, model = tmp_path / "data" / "runs", f"transcripts:{manifest.parent / 'heard.jsonl'}"
    assert main(["--data", str(manifest), "--model", model, "--out", str(out), *more]) == 0
    progress = next(
        line for line in capsys.readouterr().err.splitlines() if f" on data_mine: {len(ids)} utterances, " in line
    )
    report = next(out.rglob("report"))
    table = json.loads((report / "languages.json").read_text())["rows"]
    rows = {row["language"]: row for row in table}
    assert list(rows) == [*languages, "macro average"]
    said = []
    for language, (metric, rate) in languages.items():
        found = rows[language][metric]
        assert rate is None or found == pytest.approx(rate)
        said.append(f"{language} {100 * found:.2f} % {metric.upper()}")
    mean = rows["macro average"]["wer"]
    assert (mean, rows["macro average"]["cer"]) == (macro if macro is None else pytest.approx(macro), None)
    if mean is not None:
        said.append(f"macro average {100 * mean:.2f} %")
    assert f"{len(ids)} utterances, {', '.join(said)}, RTFx" in progress
    assert "Languages" in (report / "index.html").read_text()


def test_the_last_line_of_progress_counts_as_the_table_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failed utterances that count as empty transcripts, which a tally of journal lines knows nothing of."""
    manifest = write(tmp_path / "data", "abc")
    heard = tmp_path / "data" / "heard.jsonl"
    heard.write_text("".join(line for line in heard.read_text().splitlines(keepends=True) if '"b"' not in line))
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        row["language"] = "de"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["--data", str(manifest), "--model", f"transcripts:{heard}", "--out", str(tmp_path / "runs")]
    main([*words, "--on-error", "score-empty"])
    told = capsys.readouterr().err
    (scores,) = (tmp_path / "runs").rglob("scores.json")
    rate = read(scores, Scores).benchmarks[0].wer
    assert rate is not None
    assert rate == pytest.approx(5 / 10)
    assert f"3 utterances, {100 * rate:.2f} % WER, " in told
