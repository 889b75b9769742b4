from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import ModelError, UsageError
from harness.models import registry
from harness.models.base import Adapter, LoadOptions, ModelOption

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


def test_adapters_are_found_without_importing_anything_heavy() -> None:
    code = (
        "import sys; from harness.models import registry; names = list(registry.adapters());"
        " registry.known_models(); registry.embedded_models();"
        " heavy = [m for m in ('torch', 'transformers', 'faster_whisper', 'pocketsphinx', 'hama') if m in sys.modules];"
        " print(names, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names, heavy = done.stdout.strip().rsplit(" [", 1)
    assert heavy == "]"
    for name in (
        "ctc",
        "hama",
        "pocketsphinx",
        "remote_code",
        "transcripts",
        "whisper",
        "whisper-tiny.en",
        "whisper-base",
        "whisper-ct2",
    ):
        assert f"'{name}'" in names


def test_known_models_begin_with_the_embedded_ones() -> None:
    assert [card.id for card in registry.known_models()][:3] == ["pocketsphinx", "whisper-tiny.en", "hama"]


def test_embedded_models_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing_modules", lambda adapter: ["x"] if adapter.name == "hama" else [])
    assert registry.embedded_models() == ["pocketsphinx", "whisper-tiny.en"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pocketsphnix", "did you mean 'pocketsphinx'?"),
        ("whisper-tiny", "did you mean 'whisper-tiny.en'?"),
        ("./nowhere", "no folder './nowhere'"),
        ("/no/where/at/all", "no folder '/no/where/at/all'"),
        ("qqqqqqqqqqqq", "a hub id has the form org/name"),
    ],
)
def test_unknown_names(name: str, said: str) -> None:
    with pytest.raises(UsageError) as failure:
        registry.load_model(name, LoadOptions())
    assert said in str(failure.value)


def test_what_is_not_installed_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing_modules", lambda adapter: list(adapter.requires))
    with pytest.raises(UsageError, match=r"hama needs hama, not installed here; to install: pip install .*\[sample\]"):
        registry.load_model("hama", LoadOptions())


def test_a_surprise_while_loading_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(_name: str, _options: LoadOptions) -> Any:
        raise KeyError("first\nsecond")

    broken = replace(registry.adapters()["pocketsphinx"], load=explode, requires=())
    monkeypatch.setattr(registry, "adapters", lambda: {"pocketsphinx": broken})
    with pytest.raises(ModelError, match=r"^pocketsphinx cannot be loaded \(pocketsphinx\): KeyError: .*second"):
        registry.load_model("pocketsphinx", LoadOptions())


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (None, UsageError, "has no config.json"),
        ("{", ModelError, "config.json cannot be read"),
        ("[]", ModelError, "holds a list, not a JSON object"),
        ("[" * 100_000, ModelError, "config.json cannot be read"),
        (
            '{"model_type": "bert"}',
            UsageError,
            "is of type 'bert', for which there is no adapter here; types with an adapter",
        ),
        ("{}", UsageError, "is of type None"),
        ('{"model_type": ["wav2vec2"]}', UsageError, "for which there is no adapter here"),
    ],
)
def test_folders_that_are_no_models(tmp_path: Path, content: str | None, kind: type[Exception], said: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(kind) as failure:
        registry.load_model(str(tmp_path), LoadOptions())
    assert said in str(failure.value)


def test_code_of_its_own_is_explained_before_it_is_trusted(tmp_path: Path) -> None:
    config = {"model_type": "its_own", "auto_map": {"AutoModel": "modeling.Its"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="--trust-remote-code runs that code on this machine with your rights"):
        registry.load_model(str(tmp_path), LoadOptions())


def test_the_model_type_decides(checkpoint: Callable[[str], Path]) -> None:
    ctc = registry.load_model(str(checkpoint("hubert")), LoadOptions())
    whisper = registry.load_model(str(checkpoint("whisper.en")), LoadOptions())
    assert type(ctc).__name__ == "CTC"
    assert type(whisper).__name__ == "Whisper"


def test_no_two_adapters_claim_a_model_type() -> None:
    claimed = [kind for adapter in registry.adapters().values() for kind in adapter.model_types]
    assert len(claimed) == len(set(claimed))
    assert "wav2vec2" in claimed


@pytest.fixture
def one_with_options(monkeypatch: pytest.MonkeyPatch) -> list[LoadOptions]:
    """A model called ``it`` that can be told things; what it was loaded with."""
    loaded: list[LoadOptions] = []
    adapter = Adapter(
        name="it",
        summary="",
        accepts="it".__eq__,
        load=lambda _name, options: loaded.append(options),  # type: ignore[arg-type,return-value]
        options=(
            ModelOption("mode", "what to write", choices=("raw", "translate:"), default="raw"),
            ModelOption("prompt", "any words"),
        ),
        keywords=True,
    )
    monkeypatch.setattr(registry, "adapters", lambda: {"it": adapter})
    return loaded


def test_a_model_is_told_what_it_can_be_told(one_with_options: list[LoadOptions]) -> None:
    for value in ("raw", "translate:de"):
        registry.load_model("it", LoadOptions(model_option=(f"mode={value}", "prompt=a=b"), keywords=("x",)))
        assert one_with_options[-1].option("mode") == value
    assert one_with_options[-1].option("prompt") == "a=b"
    assert one_with_options[-1].option("other") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mood=1", r"--model-option mood: it \(it\) has no such option; it has mode, prompt"),
        ("mode=loud", r"--model-option mode=loud: mode of it \(it\) is one of raw, translate:\.\.\."),
        ("mode=translate:", r"is one of raw, translate:\.\.\."),
    ],
)
def test_what_a_model_cannot_be_told_is_refused(one_with_options: list[LoadOptions], given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        registry.load_model("it", LoadOptions(model_option=(given,)))
    assert not one_with_options


def test_a_model_without_options_is_told_nothing() -> None:
    with pytest.raises(UsageError, match="has no such option; it has none"):
        registry.load_model("pocketsphinx", LoadOptions(model_option=("a=1",)))
    with pytest.raises(UsageError, match=r"--keywords: pocketsphinx .* cannot be given words"):
        registry.load_model("pocketsphinx", LoadOptions(keywords=("a",)))


def test_a_file_and_nothing_are_no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ckpt").mkdir()
    (tmp_path / "ckpt" / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"'ckpt/config\.json' is a file; --model takes a folder"):
        registry.check_model("ckpt/config.json")
    with pytest.raises(UsageError, match="--model '' names nothing; --model takes a folder"):
        registry.check_model("")
