"""`--slice` and `--metadata` wherever they are taken: the same tag, the same utterances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

Told = pytest.CaptureFixture[str]
REFERENCE = "red green blue gray black white pink brown gold silver"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten speakers of each of three accents, four utterances of ten words each; whoever is worse is so for one."""
    monkeypatch.chdir(tmp_path)
    predictions("ours", {"us": 1, "gb": 1, "sc": 1})
    predictions("theirs", {"us": 1, "gb": 1, "sc": 4})
    rows = [f"{name},{name[:2]},{at % 40}" for at, name in enumerate(ids())]
    Path("speakers.csv").write_text("id,accent,snr\n" + "\n".join(rows[:-1]) + "\nnobody,us,1\n")


def ids() -> list[str]:
    return [f"{accent}{speaker}-{at}" for accent in ("us", "gb", "sc") for speaker in range(10) for at in range(4)]


def predictions(name: str, wrong: dict[str, int]) -> None:
    words, rows = REFERENCE.split(), []
    for at, one in enumerate(ids()):
        count = wrong[one[:2]] - (at % 3 == 0)
        heard = ["x"] * count + words[count:]
        row = {"id": one, "session": one.split("-")[0], "text": REFERENCE, "pred_text": " ".join(heard)}
        rows.append(json.dumps(row) + "\n")
    Path(name).mkdir()
    Path(f"{name}/MODEL_{name}_DATASET_calls.jsonl").write_text("".join(rows))


FLAGS = ["--metadata", "speakers.csv", "--slice", "accent", "--profile", "verbatim"]


def printed(told: Told, *words: str) -> Any:
    assert main([*words, *FLAGS, "--json"]) in {0, 1, 3}
    return json.loads(told.readouterr().out)


def test_score(capsys: Told) -> None:
    (entry,) = printed(capsys, "score", "theirs")[0]["benchmarks"]
    (table,) = entry["slices"]
    assert (table["tag"], table["unit"], table["compared"], table["untagged"]) == (
        "accent", "session", "between sessions", 1,
    )  # fmt: skip
    first, *others = table["slices"]
    assert (first["value"], first["utterances"], first["sessions"], first["differs"]) == ("sc", 39, 10, True)
    assert first["p_holm"] <= min(one["p_holm"] for one in others)
    assert first["interval"]["sessions"] == 10
    assert main(["score", "theirs", *FLAGS]) == 0
    told = capsys.readouterr()
    assert "1 of 120 utterances of calls have no accent, and are in no row." in " ".join(told.out.split())
    assert "119 of 120 rows are of utterances; 1 match none, the first is 'nobody'; 1 utterance has no row" in told.err


def test_numbers_are_binned_and_that_is_said(capsys: Told) -> None:
    assert main(["score", "ours", *FLAGS, "--slice", "snr", "--slice", "length"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Bins: bins of about equally many utterances, from the quartiles of snr." in out
    assert "under 9" in out
    assert "Bins: words of the reference." in out


def test_compare(capsys: Told) -> None:
    (block,) = printed(capsys, "compare", "ours", "theirs")["slices"]
    assert (block["tag"], block["benchmark"], block["untagged"]) == ("accent", "calls", 1)
    told = {one["benchmark"]: one["pairs"][0]["significant"] for one in block["values"]}
    assert told == {"sc": True, "us": False, "gb": False}
    assert next(iter(told)) == "sc"
    assert main(["compare", "ours", "theirs", *FLAGS]) == 0
    assert "calls by accent" in capsys.readouterr().out


def test_report_has_it_as_a_file_and_on_the_page(capsys: Told) -> None:
    assert main(["report", "ours", "theirs", *FLAGS, "--out", "r"]) == 0
    table = json.loads(Path("r/slices_accent.json").read_text())
    assert len(table["rows"]) == 6
    assert "Slices: accent" in Path("r/index.html").read_text()
    assert main(["report", "ours", "--slice", "acent", "--metadata", "speakers.csv", "--out", "r"]) == 2
    assert "no tag called 'acent'; did you mean 'accent'?" in capsys.readouterr().err


def test_the_gate_finds_the_accent_that_got_worse(capsys: Told) -> None:
    Path("policy.toml").write_text("wer.margin = 20\nslices.accent.margin = 1.0\n")
    words = ["gate", "theirs", "--baseline", "ours", "--metadata", "speakers.csv", "--profile", "verbatim"]
    assert main([*words, "--policy", "policy.toml", "--json"]) == 1
    found = {one["subject"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    verdicts = {subject: one["verdict"] for subject, one in found.items() if "accent" in subject}
    assert verdicts == {
        "calls: accent = us": "PASS",
        "calls: accent = gb": "PASS",
        "calls: accent = sc": "FAIL",
        "calls: accent": "PASS",
    }
    assert found["calls: accent = sc"]["margin"] == 0.01
    assert found["calls: accent"]["message"] == "1 of 120 utterances have no accent, and are in no slice"
    assert main([*words, "--slice", "accent"]) == 1
    assert "accent = sc" in capsys.readouterr().out


def test_a_tag_that_nothing_has_does_not_pass_the_gate(capsys: Told) -> None:
    words = ["gate", "ours", "--baseline", "ours", "--profile", "verbatim", "--slice", "dialect", "--json"]
    main(words)
    found = {one["subject"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert found["slices: dialect"]["verdict"] == "INCONCLUSIVE"
    assert found["slices: dialect"]["reason"] == "not measured"


def test_columns_of_predictions_are_tags(capsys: Told) -> None:
    path = Path("ours/MODEL_ours_DATASET_calls.jsonl")
    rows = [json.loads(line) | {"noise": "loud", "long": "x" * 101} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["score", "ours", "--slice", "noise", "--json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)[0]["benchmarks"][0]["slices"]
    assert [(one["value"], one["utterances"], one["differs"]) for one in table["slices"]] == [("loud", 120, None)]
    assert main(["score", "ours", "--slice", "long"]) == 2
