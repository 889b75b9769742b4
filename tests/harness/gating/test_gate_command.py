"""`gate` and `baseline` from the command line, over run folders on disk: statuses, files, damaged input."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main, module_of, parser_of
from harness.commands.experiment import check_baseline, read_experiment
from harness.errors import UsageError
from harness.records import packed
from harness.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ["apple", "river", "stone", "garden", "window", "mountain", "silver", "paper", "candle", "bridge"]


def gate(*arguments: object) -> int:
    return main(["gate", *map(str, arguments)])


def test_statuses(make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    good, same, worse = make_run("good"), make_run("same"), make_run("worse", lambda i: 3 + i % 3)
    assert gate(same, "--baseline", good) == 0
    assert "PASS (exit status 0)" in capsys.readouterr().out
    assert gate(worse, "--baseline", good) == 1
    out = capsys.readouterr().out
    assert "FAIL (exit status 1)" in out
    assert "u14: 5 more errors" in out
    assert gate(good) == 3
    assert gate(good, "--baseline", good.parent / "nothing") == 2
    assert gate(good, "--baseline", good, "--policy", good.parent / "nothing.toml") == 2


def test_failed_utterance_never_passes(make_run: Callable[..., Path]) -> None:
    good, broken = make_run("good"), make_run("broken")
    journal = broken / "read.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[3] = {key: value for key, value in lines[3].items() if key != "hypothesis"} | {"error": "boom"}
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert gate(broken, "--baseline", good) == 3


def test_failures_count_as_empty_where_the_run_was_told_so(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"settings": {"on_error": "score-empty"}}
    good, broken = make_run("good", **told), make_run("broken", **told)
    for folder, failing in ((good, {3}), (broken, {3, 8, 12, 25, 31, 39})):
        journal = folder / "read.jsonl"
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        for at in failing:
            del lines[at]["hypothesis"]
            lines[at]["error"] = "boom"
        journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert gate(good, "--baseline", good) == 0
    capsys.readouterr()
    assert gate(broken, "--baseline", good, "--json") == 1
    [read, _] = json.loads(capsys.readouterr().out)["findings"]
    assert (read["reason"], read["changed"], read["blame"][0]["after"]) == ("compared", 5, "")


def test_partial_and_empty_runs_never_pass(make_run: Callable[..., Path]) -> None:
    good, partial = make_run("good"), make_run("partial", complete=False)
    assert gate(partial, "--baseline", good) == 3
    short = make_run("short")
    text = (short / "read.jsonl").read_text().splitlines(keepends=True)
    (short / "read.jsonl").write_text("".join(text[:-1]))
    assert gate(short, "--baseline", good) == 3
    (short / "read.jsonl").write_text("")
    assert gate(short, "--baseline", good) == 3
    (short / "read.jsonl").unlink()
    assert gate(short, "--baseline", good) == 3
    assert gate(short, "--baseline", short) == 3


def test_json_is_alone_on_stdout(make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    good, worse = make_run("good"), make_run("worse", lambda i: 3 + i % 3)
    assert gate(worse, "--baseline", good, "--json", "--github") == 1
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["verdict"], found["exit_status"]) == ("FAIL", 1)
    assert (found["format"], found["version"], found["profile"]) == (2, VERSION, "card@2026-04")
    assert (found["run"]["name"], found["baseline"]["model"]) == (str(worse), "org/model")
    read = found["findings"][0]
    assert (read["subject"], read["verdict"], read["changed"]) == ("read", "FAIL", 40)
    # 13 fours, 14 threes and 13 fives, against 20 ones, over 400 words
    assert read["after"] == (14 * 3 + 13 * 4 + 13 * 5) / 400
    assert read["before"] == 20 / 400
    assert sum(one["contribution"] for one in read["blame"]) <= read["after"] - read["before"]
    assert captured.err.startswith("::error title=ASR gate FAIL%3A read::")


def test_files_for_ci(make_run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = make_run("good")
    hostile = make_run("worse", lambda i: 3 + i % 3, model={"id": "<b>&\x1b|\n::error::x"})
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    junit, markdown = tmp_path / "deep" / "junit.xml", tmp_path / "comment.md"
    assert gate(hostile, "--baseline", good, "--junit", junit, "--markdown", markdown, "--github") == 1
    suite = ET.parse(junit).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "2",
        "1",
        "0",
        "1",
    )
    case = suite.findall("testcase")[0]
    assert case.get("name") == "read"
    assert case.get("classname") == "<b>&\\x1b| ::error::x"
    failure = case.find("failure")
    assert failure is not None
    assert str(failure.get("message")).startswith("FAIL: 40 of 40 utterances changed")
    assert "u14: 5 more errors" in str(failure.text)
    assert summary.read_text() == markdown.read_text()
    assert "<b>" not in markdown.read_text()
    assert "Utterances that got worse on read" in markdown.read_text()


def test_workflow_commands_are_one_line_each(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    good = make_run("good")
    journal = good / "read.jsonl"
    evil = make_run("evil", lambda i: 3 + i % 3)
    for path in (journal, evil / "read.jsonl"):
        path.write_text(path.read_text().replace('"u2"', '"u2\\n::set-output name=x::y%0A"'))
    assert gate(evil, "--baseline", good, "--github") == 1
    out = capsys.readouterr().out
    assert not [line for line in out.splitlines() if line.startswith("::set-output")]
    commands = [line for line in out.splitlines() if line.startswith("::")]
    assert [line.split(" ")[0] for line in commands] == ["::error", "::notice"]
    assert "%250A" in commands[0]


def test_saved_baseline_judges_like_the_run(make_run: Callable[..., Path], tmp_path: Path) -> None:
    good, worse = make_run("good"), make_run("worse", lambda i: 3 + i % 3)
    directory = tmp_path / "baselines"
    assert main(["baseline", "save", str(good), "--dir", str(directory)]) == 0
    [path] = directory.glob("*/*.zip")
    assert path.relative_to(directory).as_posix() == "demo@1/org--model.zip"
    first = path.read_bytes()
    assert main(["baseline", "save", str(good), "--dir", str(directory)]) == 0
    assert path.read_bytes() == first
    assert gate(good, "--baseline", directory) == 0
    assert gate(worse, "--baseline", directory) == 1
    assert gate(worse, "--baseline", path) == 1
    other = make_run("other", model={"id": "org/unknown"})
    assert gate(other, "--baseline", directory) == 3


def test_saved_baseline_is_small_and_without_audio(make_run: Callable[..., Path], tmp_path: Path) -> None:
    main(["baseline", "save", str(make_run("good")), "--dir", str(tmp_path / "b")])
    [path] = (tmp_path / "b").glob("*/*.zip")
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["read.jsonl", "run.json", "speed.json"]
        lines = archive.read("read.jsonl").decode().splitlines()
        files = [json.loads(archive.read(name)) for name in ("run.json", "speed.json")]
    kept = {key for key, value in json.loads(lines[0]).items() if value is not None}
    assert kept == {"format", "id", "language", "session", "duration", "reference", "hypothesis"}
    assert path.stat().st_size < 3000
    assert [(file["format"], file["version"]) for file in (*files, json.loads(lines[0]) | {"version": VERSION})] == [
        (2, VERSION)
    ] * 3


def test_speed_needs_three_repeats_of_the_same(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [make_run(f"run{i}") for i in range(3)]
    slow = []
    for i in range(3):
        slow.append(make_run(f"slow{i}"))
        text = (slow[-1] / "run.json").read_text()
        (slow[-1] / "run.json").write_text(text.replace('"seconds_counted": 4.0', f'"seconds_counted": {8.0 + i}'))
    assert main(["baseline", "save", *map(str, runs), "--dir", str(tmp_path / "b")]) == 0
    assert gate(slow[0], "--baseline", tmp_path / "b") == 0
    assert gate(*slow, "--baseline", tmp_path / "b") == 1
    capsys.readouterr()
    assert gate(*slow, "--baseline", *runs, "--json") == 1
    speed = json.loads(capsys.readouterr().out)["findings"][-1]
    assert (speed["before"], speed["after"]) == (25.0, 100 / 9)
    stranger = make_run("stranger", model={"id": "org/other"})
    capsys.readouterr()
    assert gate(slow[0], stranger, "--baseline", tmp_path / "b", "--json") == 3, "another model is judged apart"
    both = json.loads(capsys.readouterr().out)["decisions"]
    assert [(one["run"]["model"], one["verdict"]) for one in both] == [
        ("org/model", "PASS"),
        ("org/other", "INCONCLUSIVE"),
    ]


def test_a_run_that_is_its_own_baseline_is_said(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    good, same = make_run("good"), make_run("same")
    assert gate(good, "--baseline", good.parent / "same/../good") == 0
    assert capsys.readouterr().err == f"warning: {good} is its own baseline, which it cannot be worse than\n"
    assert gate(good, "--baseline", same) == 0
    assert capsys.readouterr().err == ""


def test_what_wrote_something_else_is_no_repeat_but_judged(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, same, damaged = make_run("good"), make_run("same"), make_run("damaged", lambda i: 3 if i < 7 else i % 2)
    assert gate(good, same, "--baseline", good) == 0
    assert f"{good}: judged; {same}: its repeats, for speed" in capsys.readouterr().err
    assert gate(good, damaged, "--baseline", good) == 1
    told = f"damaged: judged by itself, no repeat of {good}: 7 transcripts are not those of it"
    assert told in capsys.readouterr().err
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.jsonl").write_text('{"text": "one two", "pred_text": "one two"}\n')
    assert gate(tmp_path / "a", tmp_path / "b", "--baseline", tmp_path / "a") == 2
    assert "b: further runs are read for speed, which predictions have none of" in capsys.readouterr().err


def test_baseline_list(make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(tmp_path / "b")
    assert main(["baseline", "list", "--dir", directory]) == 0
    assert "None there" in capsys.readouterr().out
    main(["baseline", "save", str(make_run("good")), "--dir", directory])
    capsys.readouterr()
    assert main(["baseline", "list", "--dir", directory, "--json"]) == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["model"], entry["suite"], entry["utterances"], entry["repeats"]) == ("org/model", "demo@1", 40, 1)
    assert main(["baseline", "list", "--dir", directory]) == 0
    assert "org/model" in capsys.readouterr().out


def test_only_complete_runs_become_baselines(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(tmp_path / "b")
    assert main(["baseline", "save", str(make_run("part", complete=False)), "--dir", directory]) == 2
    assert "did not go to its end" in capsys.readouterr().err
    assert main(["baseline", "save", str(tmp_path), "--dir", directory]) == 2
    assert "is no run folder" in capsys.readouterr().err
    cut = make_run("cut") / "read.jsonl"
    cut.write_text("".join(cut.read_text().splitlines(keepends=True)[1:]))
    assert main(["baseline", "save", str(cut.parent), "--dir", directory]) == 2
    assert "read.jsonl has 39 of 40 utterances" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("damage", ["cut", "text", "stranger", "bomb", "no run.json"])
def test_damaged_baselines_are_refused(
    damage: str, make_run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = make_run("good")
    main(["baseline", "save", str(good), "--dir", str(tmp_path / "b")])
    [path] = (tmp_path / "b").glob("*/*.zip")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "text":
        path.write_text("not a zip")
    elif damage == "bomb":
        monkeypatch.setattr(packed, "LIMIT_BYTES", 100)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../evil.jsonl" if damage == "stranger" else "read.jsonl", "{}")
    assert gate(good, "--baseline", path) in {2, 4}
    assert not list(tmp_path.rglob("evil*"))


def test_what_is_wrong_in_a_baseline_names_the_file(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("run.json", '{"model": {"id": 3}, "benchmarks": {}}')
    assert gate(make_run("good"), "--baseline", path) == 4
    assert f"{path}/run.json: model.id: expected str, got int" in capsys.readouterr().err


def test_many_flipped_bytes_never_crash(make_run: Callable[..., Path], tmp_path: Path) -> None:
    good = make_run("good")
    main(["baseline", "save", str(good), "--dir", str(tmp_path / "b")])
    [path] = (tmp_path / "b").glob("*/*.zip")
    content = path.read_bytes()
    for at in range(0, len(content), 37):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        assert gate(good, "--baseline", path) in {0, 2, 3, 4}


def test_predictions_of_others_are_judged_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, wrong in (("old", 0), ("new", 4)):
        (tmp_path / name).mkdir()
        rows = [
            {"audio_filepath": f"{i}.wav", "text": " ".join(WORDS), "pred_text": " ".join(WORDS[wrong:])}
            for i in range(50)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "MODEL_m_DATASET_voxpopuli_en.jsonl").write_text(text)
    assert gate(tmp_path / "old", "--baseline", tmp_path / "old") == 0
    assert gate(tmp_path / "new", "--baseline", tmp_path / "old") == 1
    capsys.readouterr()
    assert gate(tmp_path, "--baseline", tmp_path / "old") == 2
    assert "new" in capsys.readouterr().err


def test_transcripts_alone_are_judged_beside_their_reference(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def written(name: str, wrong: int) -> Path:
        (tmp_path / name).mkdir()
        path = tmp_path / name / "m.txt"
        path.write_text("".join(f"u_{i} {' '.join(WORDS[wrong:])}\n" for i in range(50)))
        return path

    said, old, new = written("said", 0), written("old", 0), written("new", 4)
    assert gate(old, "--baseline", old, "--reference", said) == 0
    capsys.readouterr()
    assert gate(new, "--baseline", old, "--reference", said, "--format", "kaldi", "--json") == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["run"]["model"] == "m"
    assert printed.err.splitlines() == ["m.txt as kaldi against m.txt as kaldi: 50 utterances"] * 2
    assert gate(new, "--baseline", old, "--reference", said, "--format", "lines", "--profile", "verbatim") == 1
    run = make_run("run")  # a folder is a run as ever
    assert gate(run, "--baseline", run, "--reference", said) == 0


def test_the_profile_is_the_one_that_is_used(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Predictions of others have one as well, and what was scored under two is not compared."""
    good = make_run("good")
    others = tmp_path / "MODEL_m_DATASET_read.jsonl"
    lines = [json.loads(line) for line in (good / "read.jsonl").read_text().splitlines()]
    rows = [{"id": one["id"], "text": one["reference"], "pred_text": one["hypothesis"]} for one in lines]
    others.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert gate(others, "--baseline", others, "--json") == 0
    assert json.loads(capsys.readouterr().out)["profile"] == "leaderboard@2026-08"
    assert gate(others, "--baseline", others) == 0
    assert "profile leaderboard@2026-08" in " ".join(capsys.readouterr().out.split())
    assert gate(good, "--baseline", others, "--json") == 3
    found = json.loads(capsys.readouterr().out)
    assert found["profile"] == "card@2026-04"
    assert found["findings"][0]["reason"] == "other profile"
    assert "for profile card@2026-04, the baseline for leaderboard@2026-08" in found["findings"][0]["message"]
    assert gate(good, "--baseline", others, "--profile", "verbatim") == 0


def test_runs_and_baselines_of_format_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[3]
    run, saved = root / "tests" / "data" / "format_1" / "digits" / "tiny-nar", root / "results" / "baselines"
    assert gate(run, "--baseline", saved, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["subject"], one["reason"], one["utterances"]) for one in found["findings"]] == [
        ("digits", "unchanged", 150),
        ("speed", "other hardware", 0),
    ]
    assert (found["profile"], found["format"]) == ("verbatim", 2)
    assert main(["baseline", "list", "--dir", str(saved), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["model"], one["suite"], one["utterances"]) for one in listed] == [
        ("tiny-nar", "digits", 150),
        ("whisper-tiny.en", "sample", 27),
    ]
    assert main(["baseline", "save", str(run), "--dir", str(tmp_path)]) == 0
    assert gate(run, "--baseline", tmp_path) == 0
    capsys.readouterr()
    assert gate(run, "--baseline", tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["findings"][1]["after"] > 0


def test_unwritable_files_are_named(make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    good = make_run("good")
    assert gate(good, "--baseline", good, "--junit", os.devnull + "/x.xml") == 5
    assert "cannot be written" in capsys.readouterr().err


def test_against_published_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    for name, whole, wrong in (("librispeech_test.clean", 2620, 0), ("librispeech_test.other", 2939, 4)):
        lost = [wrong * (i % 2) for i in range(whole - whole % 2)] + [wrong // 2] * (whole % 2)
        rows = [
            {"audio_filepath": f"{i}.wav", "text": " ".join(WORDS), "pred_text": " ".join(WORDS[without:])}
            for i, without in enumerate(lost)
        ]
        path = folder / f"MODEL_openai-whisper-large-v3_DATASET_{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    profile = ["--profile", "leaderboard@2026-04"]
    assert gate(folder, "--baseline", "published", *profile, "--json") == 1
    clean, other = json.loads(capsys.readouterr().out)["findings"]
    assert (clean["subject"], clean["after"]) == ("librispeech_test_clean", 0.0)
    assert (other["verdict"], other["after"]) == ("FAIL", 0.2)
    assert 0.02 < other["before"] < 0.06
    assert other["change"]["low"] > 0.001
    assert "published by https://" in other["message"]
    assert gate(folder, "--baseline", "published", "--profile", "verbatim") == 3
    assert "nothing is published of it under verbatim" in capsys.readouterr().out


def test_a_wrong_type_anywhere_in_run_json_is_one_line(
    make_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    repeats = {"repeats": {"rtfx": [25.0, 24.0, 26.0], "rtfx_end_to_end": [12.0, 13.0, 12.5]}}
    good, broken = make_run("good", speed=repeats), make_run("broken")
    record = json.loads((good / "run.json").read_text())

    def places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        inside = value.items() if isinstance(value, dict) else ()
        return [path, *(place for key, one in inside for place in places(one, (*path, key)))]

    for path in places(record)[1:]:
        for wrong in ("text", -1, [1], [0], ["x"], {"a": 1}, None):
            changed = json.loads(json.dumps(record))
            target = changed
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = wrong
            (broken / "run.json").write_text(json.dumps(changed))
            assert gate(broken, "--baseline", good) in {0, 2, 3, 4}, (path, wrong)
            assert "internal" not in capsys.readouterr().err


def test_a_run_of_another_model_is_no_repeat(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, other = make_run("good"), make_run("other", model={"id": "org/unknown"})
    assert main(["baseline", "save", str(good), str(other), "--dir", str(tmp_path / "b")]) == 2
    assert "org/unknown on demo@1, no repeat of org/model on demo@1" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_baseline_of_just_the_largest_size_is_read(
    make_run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = make_run("good")
    main(["baseline", "save", str(good), "--dir", str(tmp_path / "b")])
    [path] = (tmp_path / "b").glob("*/*.zip")
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    monkeypatch.setattr(packed, "LIMIT_BYTES", size)
    assert gate(good, "--baseline", path) == 0
    monkeypatch.setattr(packed, "LIMIT_BYTES", size - 1)
    assert gate(good, "--baseline", path) == 4


def test_folders_of_reports_among_the_runs_are_passed_over(make_run: Callable[..., Path], tmp_path: Path) -> None:
    runs = [make_run(name, model={"id": name}) for name in ("a", "b")]
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "table.json").write_text("{}")
    for run in runs:
        words = ["baseline", "save", str(run), str(tmp_path / "report"), "--dir", str(tmp_path / "kept")]
        assert main(words) == 0
    assert gate(*runs, tmp_path / "report", "--baseline", tmp_path / "kept") == 0
    assert gate(tmp_path / "report", "--baseline", tmp_path / "kept") == 2, "there is nothing else"


def test_a_folder_without_baselines_says_how_the_first_is_made(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, missing, empty = make_run("run"), tmp_path / "nodir", tmp_path / "empty"
    assert gate(run, "--baseline", missing) == 2
    told = f"no baseline {missing}; make one with `run_eval.py baseline save RUN --dir {missing}`"
    assert told in capsys.readouterr().err
    assert gate(run, "--baseline", tmp_path / "x.zip") == 2
    assert "`run_eval.py baseline save RUN`" in capsys.readouterr().err
    empty.mkdir()
    (empty / ".gitkeep").touch()
    (empty / "policy.toml").touch()
    assert gate(run, "--baseline", empty) == 3
    told = f"there is no baseline in {empty} yet; make one with `run_eval.py baseline save {run} --dir {empty}`"
    assert told in capsys.readouterr().out
    (empty / "other.txt").touch()
    assert gate(run, "--baseline", empty) == 2, "this is no folder of baselines"
    config = tmp_path / "eval.toml"
    config.write_text(f'suite = "sample"\nmodel = "tiny-nar"\n[gate]\nbaseline = "{missing}"\n')
    with pytest.raises(UsageError, match=r"eval.toml, \[gate\]: no baseline .*nodir; make one with"):
        check_baseline(read_experiment(config, parser_of("run", module_of("run"))))
    assert main(["--config", str(config), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists(), "before anything is run"
