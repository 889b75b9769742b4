"""The tables and the plot of conditions and of made-up words, from journals that are written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli import main
from harness.records.journal import Line
from harness.reporting.hallucination import hallucination_table
from harness.reporting.robustness import robustness_table
from harness.reporting.wer_snr import curves, wer_by_snr
from harness.scoring.predictions import Predictions, System
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import Scored, count_predictions

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
PROFILE = get_profile("verbatim")


def scored(benchmark: str, rows: list[Line]) -> Scored:
    return count_predictions(
        Predictions(benchmark=benchmark, language="en", rows=rows, source=Path("x"), ours=True), PROFILE
    )


def noisy(benchmark: str, wrong: int, sessions: int = 6) -> Scored:
    """Twelve utterances of ten words, the first six with so many wrong."""
    rows = [
        Line(
            id=f"u{at}",
            language="en",
            reference=" ".join(WORDS),
            hypothesis=" ".join(["x"] * (wrong if at < 6 else 0) + WORDS[wrong if at < 6 else 0 :]),
            session=f"s{at % sessions}",
            duration=3.0,
        )
        for at in range(12)
    ]
    return scored(benchmark, rows)


def system(*wrong: tuple[str, int], sessions: int = 6) -> list[Scored]:
    return [noisy(name, count, sessions) for name, count in wrong]


ONE = (("a", 1), ("a+noise@20dB", 1), ("a+noise@10dB", 3), ("a+noise-white@10dB", 1), ("a+reverb@0.5s", 2))
TWO = (("a", 2), ("a+noise@20dB", 5), ("b+noise@20dB", 5))


def test_the_table_has_every_condition_beside_clean() -> None:
    held = [system(*ONE), system(*TWO, sessions=3)]
    scores = [
        score_counted(System(model=name, benchmarks=[one.predictions for one in each]), PROFILE, each)
        for name, each in zip("mn", held, strict=True)
    ]
    table = robustness_table(["m", "n"], scores, held)
    assert table is not None
    keys = [column.key for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    assert [(row["model"].value, row["condition"].value, row["wer"].value) for row in rows] == [
        ("m", "clean", 6 / 120),
        ("m", "noise@20dB", 6 / 120),
        ("m", "noise@10dB", 18 / 120),
        ("m", "noise-white@10dB", 6 / 120),
        ("m", "reverb@0.5s", 12 / 120),
        ("n", "clean", 12 / 120),
        ("n", "noise@20dB", 30 / 120),
    ]
    assert rows[2]["difference"].value == pytest.approx(0.1)
    assert rows[2]["difference"].low is not None
    assert rows[2]["times"].value == pytest.approx(3)
    assert (rows[2]["sessions"].value, rows[6]["sessions"].value) == (6, 3)
    few = "over utterances, as there are under five sessions: it holds for these speakers, not for others"
    assert rows[2]["difference"].notes == ()
    assert rows[6]["difference"].notes == (few,)
    assert table.notes == (
        "The SNR of noise at which the WER of m is twice the clean one, on a: at 15.0 dB.",
        "The SNR of noise-white at which the WER of m is twice the clean one, on a: not reached down to 10 dB.",
        "The SNR of noise at which the WER of n is twice the clean one, on a: above 20 dB, the highest that was "
        "measured.",
        "No clean run of the same utterances beside it, for n: b+noise@20dB.",
    )
    assert "15.00" in table.render("markdown")
    assert robustness_table(["m"], scores[:1], [system(("a", 1))]) is None


def test_the_plot_has_a_panel_for_each_kind_of_noise_and_a_line_for_each_model(tmp_path: Path) -> None:
    panels = curves(["m", "n"], [system(*ONE), system(*TWO)])
    assert {title: list(lines) for title, lines in panels.items()} == {
        "a, noise": ["m", "n"],
        "a, noise-white": ["m"],
    }
    line = panels["a, noise"]["m"]
    assert line.snr == (10.0, 20.0)
    assert [point.wer for point in line.points] == [18 / 120, 6 / 120]
    assert line.clean is not None
    assert line.clean.wer == 6 / 120
    files = wer_by_snr(panels, tmp_path / "plot", caption="Rules.")
    svg = files[1].read_text(encoding="utf-8")
    assert all(text in svg for text in ("a, noise-white", "signal-to-noise ratio, dB", "clean", "Rules."))
    assert ("95 % intervals" in svg) == any(one.low is not None for one in line.points)
    bare = {"a": {"m": replace(line, points=tuple(replace(one, low=None, high=None) for one in line.points))}}
    assert "95 % intervals" not in wer_by_snr(bare, tmp_path / "bare")[1].read_text(encoding="utf-8")
    before = files[0].read_bytes()
    wer_by_snr(panels, tmp_path / "plot", caption="Rules.")
    assert files[0].read_bytes() == before
    assert curves(["m"], [system(("a", 1), ("a+reverb@0.5s", 2))]) == {}


def test_made_up_words_are_counted_by_sort_of_sound() -> None:
    said = {
        "hum": ["", "", "thank you"],
        "tone": ["you you you you you", "", ""],
        "music": ["thank you", "thank you", "la la"],
        "room": ["", "", ""],
        "white": ["", "", ""],
    }
    rows = [
        Line(
            id=f"{sound}{at}",
            language="en",
            reference="",
            hypothesis=text,
            session=sound,
            tags={"sound": sound},
            duration=20.0,
            audio_seconds=30.0,
        )
        for sound, texts in said.items()
        for at, text in enumerate(texts)
    ]
    table = hallucination_table(["m"], [[scored("s", rows)]])
    assert table is not None
    keys = [column.key for column in table.columns]
    every = {str(row[2].value): dict(zip(keys, row, strict=True)) for row in table.rows}
    assert list(every) == ["all", "hum", "music", "room", "tone", "white"]
    whole = every["all"]
    assert (whole["clips"].value, whole["minutes"].value) == (15, 7.5)
    assert whole["inserted"].value == pytest.approx((2 + 5 + 6) / 7.5)
    assert whole["inserted"].low is not None
    assert whole["looped"].value == pytest.approx(4 / 7.5)
    assert whole["wrote"].value == pytest.approx(5 / 15)
    assert whole["phrase"].value == "thank you"
    assert table.notes == (
        "Most often on s m writes, with the number of clips: 'thank you' (3); 'la la' (1); 'you' (1).",
    )
    assert every["music"]["inserted"].value == pytest.approx(6 / 1.5)
    assert every["music"]["inserted"].low is None
    assert every["room"]["phrase"].value == "–"
    assert hallucination_table(["m"], [[noisy("a", 1)]]) is None


def test_data_in_which_nothing_is_said_prints_that_table_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    soundfile.write(tmp_path / "a.wav", np.full(16_000 * 6, 0.01), 16_000)
    data, said, worse = (tmp_path / name for name in ("silent.jsonl", "said.jsonl", "worse.jsonl"))
    ids = [f"u{at}" for at in range(10)]
    data.write_text(
        "".join(json.dumps({"id": one, "audio": "a.wav", "text": "", "session": one}) + "\n" for one in ids)
    )
    said.write_text("".join(json.dumps({"id": one, "pred_text": ""}) + "\n" for one in ids))
    worse.write_text("".join(json.dumps({"id": one, "pred_text": "thank you for watching"}) + "\n" for one in ids))
    for name, transcripts in (("one", said), ("two", worse)):
        flags = ["--data", str(data), "--model", f"transcripts:{transcripts}", "--out", str(tmp_path / name)]
        assert main([*flags, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "Words where nothing is said" in text
    assert "Word error rate" not in text
    assert "40.00" in text  # four words in each six seconds
    one, two = (str(next((tmp_path / name).rglob("run.json")).parent) for name in ("one", "two"))
    scores = json.loads((Path(two) / "scores.json").read_text())
    assert scores["benchmarks"][0]["metrics"]["inserted_on_silence"]["value"] == pytest.approx(40)
    assert main(["gate", two, "--baseline", one, "--json"]) == 1
    findings = {found["subject"]: found for found in json.loads(capsys.readouterr().out)["findings"]}
    (subject,) = (name for name in findings if name.endswith("inserted on silence"))
    assert findings[subject]["verdict"] == "FAIL"
    assert main(["gate", one, "--baseline", one]) == 0
