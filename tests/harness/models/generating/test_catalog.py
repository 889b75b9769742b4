from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.models.base import LoadOptions
from harness.models.generating.catalog import check_asked, families, family_of, named
from harness.models.generating.family import Asked
from harness.models.registry import load_model
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_families_are_found_without_loading_anything_heavy() -> None:
    code = (
        "import sys; from harness.models.generating.catalog import families;"
        " print(len(families()), [m for m in ('torch', 'transformers', 'soxr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    count, heavy = done.stdout.split(" ", 1)
    assert int(count) == len(families()) >= 15
    assert heavy.strip() == "[]"


def test_every_declaration_names_what_the_library_has() -> None:
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    library_types = set(CONFIG_MAPPING)
    claimed = [kind for family in families().values() for kind in family.model_types]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= library_types
    for family in families().values():
        assert hasattr(transformers, family.auto_class), family.name
        assert "translate" not in family.asks or family.languages


def test_languages_are_those_of_the_library() -> None:
    from transformers.models.canary.processing_canary import LANGUAGE_CODE_TO_NAME as CANARY
    from transformers.models.cohere_asr.processing_cohere_asr import LANGUAGES as COHERE
    from transformers.models.qwen3_asr.processing_qwen3_asr import LANGUAGE_CODE_TO_NAME as QWEN3

    found = families()
    assert set(found["canary"].languages) == set(CANARY)
    assert set(found["cohere_asr"].languages) == set(COHERE)
    assert set(found["qwen3_asr"].languages) == set(QWEN3)


def test_a_family_is_found_by_its_type_and_its_name() -> None:
    assert family_of("seamless_m4t_v2") is families()["seamless_m4t"]
    assert family_of("wav2vec2") is None
    assert named("seamless_m4t_v2") is named("seamless_m4t")
    with pytest.raises(UsageError, match=r"no family called 'canry'; did you mean 'canary'\?; --family guess tries"):
        named("canry")


@pytest.mark.parametrize(
    ("family", "asked", "said"),
    [
        ("moonshine", Asked(keywords=("a",)), "x (moonshine) cannot be asked for keywords; it cannot be asked for any"),
        ("canary", Asked(prompt="p"), "cannot be asked for prompt; it can be asked for punctuation, translate"),
        ("cohere_asr", Asked(translate="de"), "cannot be asked for translate; it can be asked for punctuation"),
        ("canary", Asked(translate="xx"), "--model-option translate=xx: canary writes bg, hr"),
    ],
)
def test_what_a_family_cannot_do_is_one_line(family: str, asked: Asked, said: str) -> None:
    with pytest.raises(UsageError) as failure:
        check_asked("x", named(family), asked)
    assert said in str(failure.value)


def test_a_language_to_translate_into_has_the_librarys_name() -> None:
    assert check_asked("x", named("seamless_m4t"), Asked(translate="de")).translate == "deu"
    assert check_asked("x", named("canary"), Asked(translate="de", punctuation=False)).translate == "de"


def _config(folder: Path, kind: str) -> str:
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (
            "qwen3_as",
            {},
            "is of type 'qwen3_as', for which there is no adapter here; types with an adapter, and a name",
        ),
        ("bert", {"family": "guess"}, "is of type 'bert', which no class of transformers that generates text loads"),
        ("bert", {"family": "canry"}, "did you mean 'canary'?"),
        ("moonshine", {"keywords": ("a",)}, "(moonshine) cannot be asked for keywords"),
        ("moonshine", {"model_option": ("prompt=x",)}, "(moonshine) cannot be asked for prompt"),
        ("moonshine", {"model_option": ("punctuation=maybe",)}, "is one of yes, no"),
    ],
)
def test_mistakes_are_told_before_anything_is_loaded(
    tmp_path: Path, kind: str, options: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError) as failure:
        load_model(_config(tmp_path, kind), LoadOptions(**options))  # type: ignore[arg-type]
    assert said in str(failure.value)


def test_a_family_is_for_checkpoints_only() -> None:
    with pytest.raises(UsageError, match="--family is for checkpoints of transformers; pocketsphinx is run by pocket"):
        load_model("pocketsphinx", LoadOptions(family="canary"))
