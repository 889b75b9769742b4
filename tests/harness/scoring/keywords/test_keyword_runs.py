"""Keywords of a manifest's rows on their way through a run: to the model, into the journal, into the scores."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from harness.cli import main
from harness.config import Settings
from harness.errors import UsageError
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.records.journal import read_journal
from harness.runner.folder import fingerprint
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

ECHO = '''
from harness.models.base import Model, ModelCard
from harness.types import Hypothesis


class Echo(Model):
    """Writes the keywords of each clip."""

    card = ModelCard(id="echo", batch_invariant=True)

    def features(self, clips):
        return [" ".join(clip.keywords) for clip in clips]

    def infer(self, features):
        return features

    def text(self, output):
        return [Hypothesis(text=text) for text in output]
'''


def test_from_a_manifest_to_the_model_and_to_the_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "we met Anna in New York", "keywords": ["New York", "Anna"]},
        {"text": "nothing here", "keywords": "Bob; Eve"},
        {"text": "and nothing there"},
    ]
    for at, row in enumerate(rows):
        soundfile.write(tmp_path / f"{at}.wav", [0.0] * (SAMPLE_RATE // 10), SAMPLE_RATE)
        row |= {"id": f"u{at}", "audio": f"{at}.wav"}
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "echoing.py").write_text(ECHO)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "echoing", raising=False)
    command = ["--data", str(tmp_path / "talks.jsonl"), "--model", "echoing:Echo", "--out", str(tmp_path / "runs")]
    assert main([*command, "--quiet"]) == 0
    [journal] = (tmp_path / "runs").glob("*/*/data_talks.jsonl")
    lines = {line.id: (line.hypothesis, line.keywords) for line in read_journal(journal).lines}
    assert lines == {
        "u0": ("New York Anna", ("New York", "Anna")),
        "u1": ("Bob Eve", ("Bob", "Eve")),
        "u2": ("", None),
    }
    capsys.readouterr()
    assert main(["score", str(journal.parent), "--metric", "keyword_f1", "--metric", "keywords_made_up", "--json"]) == 0
    [scores] = json.loads(capsys.readouterr().out)
    found = scores["benchmarks"][0]["metrics"]
    assert (found["keyword_f1"]["count"], found["keyword_f1"]["of"]) == (2, 3)
    assert (found["keywords_made_up"]["count"], found["keywords_made_up"]["of"]) == (2, 8 / 1000)


def test_whether_rows_are_listened_for_is_part_of_what_a_resumed_run_must_agree_on() -> None:
    told = [
        fingerprint(Settings(device="cpu", row_keywords=asked), suite="s", model="m", batch_invariant=True)
        for asked in (False, True)
    ]
    assert {name for name in told[0] if told[0][name] != told[1][name]} == {"row keywords"}
    assert told[0]["row keywords"] is None


def test_models_that_cannot_be_given_words_for_each_clip_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--row-keywords: pocketsphinx .* cannot be given words for each clip"):
        load_model("pocketsphinx", LoadOptions(row_keywords=True))
