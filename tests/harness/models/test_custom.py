"""Models of the user's own, by name from the current folder, as Python objects, and as entry points of packages."""

from __future__ import annotations

import functools
import json
import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from harness.cli import main
from harness.errors import ExitStatus, HarnessError, ModelError, UsageError
from harness.models import custom, registry
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.types import Clip, Hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MODULE = """
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.types import Hypothesis

NUMBER = 7

def clip(waveform, language):
    return f"{len(waveform)} {language}"

def batch(clips):
    return [one.id for one in clips]

class Length(Model):
    card = ModelCard(id="length", revision="1", max_seconds=9.0)
    def __init__(self, *, options=None):
        self.dtype = options.dtype
    def features(self, clips): return [len(one.waveform) for one in clips]
    def infer(self, features): return features
    def text(self, output): return [Hypothesis(text=f"{one} {self.dtype}") for one in output]

class Spoken:
    def __call__(self, waveform, language): return "spoken"

def factory(): return Length(options=LoadOptions(dtype="made"))

class Holder:
    inner = staticmethod(clip)

ADAPTER = Adapter(name="mine", summary="", accepts="mine".__eq__, load=lambda name, options: Length(options=options))
"""


class Length(Model):
    """Says how many samples a clip has."""

    card = ModelCard(id="length")

    def features(self, clips: Sequence[Clip]) -> list[int]:
        return [len(clip.waveform) for clip in clips]

    def infer(self, features: list[int]) -> list[int]:
        return features

    def text(self, output: list[int]) -> list[Hypothesis]:
        return [Hypothesis(text=str(samples)) for samples in output]


def clips(*samples: int) -> list[Clip]:
    return [Clip(id=f"c{place}", language="de", waveform=np.ones(n, np.float32)) for place, n in enumerate(samples)]


def said(model: Model, given: Sequence[Clip]) -> list[str]:
    return [one.text for one in model.text(model.infer(model.transfer(model.features(given))))]


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Writes a module of the user's own into the current folder; gives its name, another one each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def write(text: str) -> str:
        name = f"my_model_{len(list(tmp_path.glob('my_model_*.py')))}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    yield write
    for name in set(sys.modules) - before:
        if name.startswith("my_model_"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("what", "expected", "invariant"),
    [
        ("clip", ["3 de", "5 de"], True),
        ("batch", ["c0", "c1"], False),
        ("Length", ["3 bfloat16", "5 bfloat16"], False),
        ("ADAPTER", ["3 bfloat16", "5 bfloat16"], False),
        ("factory", ["3 made", "5 made"], False),
        ("Spoken", ["spoken", "spoken"], True),
        ("Holder.inner", ["3 de", "5 de"], True),
    ],
)
def test_what_module_and_name_may_mean(
    mine: Callable[[str], str], what: str, expected: list[str], invariant: bool
) -> None:
    name = f"{mine(MODULE)}:{what}"
    registry.check_model(name)
    model = registry.load_model(name, LoadOptions(dtype="bfloat16"))
    assert said(model, clips(3, 5)) == expected
    assert model.card.batch_invariant == invariant
    assert model.card.max_batch is None
    assert model.card.id == ("length" if isinstance(getattr(model, "dtype", None), str) else name)


def test_an_edited_model_has_another_revision(mine: Callable[[str], str]) -> None:
    cards = [
        registry.load_model(f"{mine(text)}:{what}", LoadOptions()).card
        for what in ("clip", "Length")
        for text in (MODULE, MODULE, MODULE + "# edited\n")
    ]
    clip, again, edited, length, _, edited_length = [card.revision or "" for card in cards]
    assert clip == again != edited
    assert clip.startswith("sha256:")
    assert length == f"1, code {clip}"
    assert edited_length == f"1, code {edited}"


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("nowhere:f", UsageError, "nowhere:f: no module called 'nowhere' in the current folder or where Python finds"),
        ("json.nowhere:f", UsageError, "json.nowhere:f: no module called 'json.nowhere'"),
        ("{}:clop", UsageError, "no object in {} called 'clop'; did you mean 'clip'?"),
        ("{}:Holder.outer", UsageError, "no object in {} called 'outer'; there are: inner"),
        ("{}:NUMBER", UsageError, "{}:NUMBER is of type int, which cannot be called; a model is a Model, an Adapter,"),
    ],
)
def test_a_name_that_means_nothing_is_told_before_anything_runs(
    mine: Callable[[str], str], what: str, kind: type[HarnessError], message: str
) -> None:
    module = mine(MODULE)
    for told in (registry.check_model, lambda name: registry.load_model(name, LoadOptions())):
        with pytest.raises(kind) as failure:
            told(what.format(module))
        assert message.format(module) in str(failure.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nowhere_at_all", "cannot be imported: No module named 'nowhere_at_all'"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("def (", "cannot be imported: SyntaxError"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(mine: Callable[[str], str], text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        registry.check_model(f"{mine(text)}:f")


def test_the_current_folder_stays_reachable_but_is_last(mine: Callable[[str], str], tmp_path: Path) -> None:
    before = list(sys.path)
    registry.check_model(f"{mine(MODULE)}:clip")
    assert sys.path == [*before, str(tmp_path)]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda waveform, language: 3, "c0: f returned int, not a text or a Hypothesis"),
        (lambda waveform, language: None, "c0: f returned NoneType, not a text"),
        (lambda clips: "text", "c0: f returned str for a batch of 2, not a list; a function with one parameter is"),
        (lambda clips: None, "c0: f returned NoneType for a batch of 2, not a list"),
        (lambda clips: ["a"], "f returned 1 text for 2 clips"),
        (lambda clips: ["a", b"b"], "c1: f returned bytes, not a text"),
    ],
)
def test_an_answer_that_is_no_transcript_names_the_clip(answer: Callable[..., Any], message: str) -> None:
    with pytest.raises(ModelError) as failure:
        said(custom.wrap(answer, "f"), clips(3, 5))
    assert message in str(failure.value)


def test_a_function_may_give_hypotheses() -> None:
    def drafted(waveform: object, language: str) -> Hypothesis:
        return Hypothesis(text="b", draft="a")

    model = custom.wrap(drafted)
    (one,) = model.text(model.infer(model.features(clips(4))))
    assert (one.draft, model.card.id) == ("a", "drafted")


def test_clips_without_samples_say_nothing_and_are_not_asked_for() -> None:
    asked: list[str] = []

    def f(given: list[Clip]) -> list[str]:
        asked.extend(clip.id for clip in given)
        return [clip.id for clip in given]

    assert said(custom.wrap(f), clips(0, 3, 0, 5)) == ["", "c1", "", "c3"]
    assert said(custom.wrap(f), clips(0)) == [""]
    assert asked == ["c1", "c3"]


def test_broken_samples_are_silence_before_a_function_hears_them() -> None:
    broken = Clip(id="c", language="en", waveform=np.array([np.nan, 0.5], np.float32))
    assert said(custom.wrap(lambda waveform, language: f"{waveform.sum()}"), [broken]) == ["0.5"]


class Method:
    """Something with a method that is a model."""

    def hear(self, waveform: object, language: str) -> str:
        return language


@pytest.mark.parametrize(
    ("function", "name", "expected"),
    [
        (lambda waveform, language: "a", "lambda", "a"),
        (lambda waveform, language="xx": language, "lambda", "de"),
        (functools.partial(lambda beam, waveform, language: f"{beam}", 5), "lambda", "5"),
        (Method().hear, "hear", "de"),
        (lambda clips, beam=5: ["b" for _ in clips], "lambda", "b"),
        (Length(), "length", "4"),
        (Length, "length", "4"),
    ],
)
def test_python_objects_as_models(function: object, name: str, expected: str) -> None:
    model = custom.wrap(function)
    assert said(model, clips(4)) == [expected]
    assert model.card.id == name
    assert (model.card.revision or "").startswith("sha256:")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (7, "int gives a int, which cannot be called"),
        (lambda a, b, c: "", "lambda takes other arguments than a model does"),
        (lambda *any_number: "", "lambda takes other arguments"),
        (dict, "dict takes other arguments"),
    ],
)
def test_python_objects_that_are_no_models(wrong: object, message: str) -> None:
    with pytest.raises(UsageError) as failure:
        custom.wrap(wrong)
    assert message in str(failure.value)


def test_a_model_that_cannot_be_made_is_one_line() -> None:
    class Broken(Length):
        def __init__(self) -> None:
            raise ValueError("no weights")

    with pytest.raises(ModelError, match="Broken cannot be made: ValueError: no weights"):
        custom.wrap(Broken)


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Stands for installed packages that offer models."""

    def offer(**points: str) -> None:
        found = [EntryPoint(name, value, custom.GROUP) for name, value in points.items()]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: [p for p in found if p.group == group])
        registry.adapters.cache_clear()

    yield offer
    registry.adapters.cache_clear()


def test_models_of_other_packages(
    mine: Callable[[str], str], entry_points: Callable[..., None], tmp_path: Path
) -> None:
    sys.path.append(str(tmp_path))
    module = mine(MODULE)
    entry_points(mine=f"{module}:ADAPTER", gone="nowhere:ADAPTER", number=f"{module}:NUMBER")
    assert {"mine", "gone", "number", "ctc"} <= set(registry.adapters())
    assert said(registry.load_model("mine", LoadOptions()), clips(3)) == ["3 float32"]
    with pytest.raises(ModelError, match=r"entry point gone of asr_harness.models cannot be loaded: No module named"):
        registry.load_model("gone", LoadOptions())
    with pytest.raises(ModelError, match=f"{module}:NUMBER is of type int, not an Adapter"):
        registry.load_model("number", LoadOptions())


def test_two_models_of_one_name_are_refused(mine: Callable[[str], str], entry_points: Callable[..., None]) -> None:
    sys.path.append(".")
    entry_points(ctc=f"{mine(MODULE.replace('mine', 'ctc'))}:ADAPTER")
    with pytest.raises(ModelError, match="two adapters are called 'ctc'; the second is an entry point of asr_harness"):
        registry.adapters()


def test_transcripts_keep_their_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "said").write_text("c0 hello\n")
    assert said(registry.load_model("transcripts:said", LoadOptions()), clips(3)) == ["hello"]


def test_the_adapter_is_an_adapter() -> None:
    assert isinstance(custom.ADAPTER, Adapter)
    assert not custom.ADAPTER.accepts("openai/whisper-tiny")
    assert not custom.ADAPTER.accepts("C:\\models")


def test_a_run_of_a_function(
    mine: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    soundfile.write(tmp_path / "a.flac", np.zeros(16_000, np.float32), 16_000)
    (tmp_path / "calls.jsonl").write_text(json.dumps({"id": "a", "audio": "a.flac", "text": "16000 en"}) + "\n")
    words = ["--data", "calls.jsonl", "--out", "out", "--quiet", "--json"]
    name = f"{mine(MODULE)}:clip"
    assert main([*words, "--model", name]) == ExitStatus.GOOD
    (score,) = json.loads(capsys.readouterr().out)
    assert score["average"]["wer"] == 0
    (stored,) = tmp_path.glob("out/*/*/run.json")
    model = json.loads(stored.read_text())["model"]
    assert (model["id"], model["revision"][:7]) == (name, "sha256:")
    (tmp_path / f"{name.partition(':')[0]}.py").write_text(MODULE.replace("{language}", "{language}!"))
    del sys.modules[name.partition(":")[0]]
    assert main([*words, "--model", name]) == ExitStatus.USAGE, "answered from the journal of another model"
    assert f"holds a run with model revision '{model['revision']}', this one has 'sha256:" in capsys.readouterr().err
    assert main([*words, "--model", "nowhere:f"]) == ExitStatus.USAGE
    assert capsys.readouterr().err.startswith("error: nowhere:f: no module called 'nowhere'")
