"""A config.json that names somebody's kernels is refused: the library would fetch them, and they are code."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ModelError
from harness.models.base import LoadOptions
from harness.models.hub import read_config
from harness.models.registry import load_model

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"_attn_implementation_internal": "evil/kernels"}, "_attn_implementation_internal", "evil/kernels"),
    ({"_attn_implementation": "evil/kernels@main:fast"}, "_attn_implementation", "evil/kernels@main:fast"),
    ({"attn_implementation": "paged|evil/kernels"}, "attn_implementation", "paged|evil/kernels"),
    ({"_experts_implementation_internal": "evil/kernels"}, "_experts_implementation_internal", "evil/kernels"),
    ({"attn_implementation": {"": "sdpa", "text_config": "evil/kernels"}}, "attn_implementation", "evil/kernels"),
    ({"text_config": {"_attn_implementation": "evil/kernels"}}, "_attn_implementation", "evil/kernels"),
    ({"towers": [{"attn_implementation": ["evil/kernels"]}]}, "attn_implementation", "evil/kernels"),
]


def folder(place: Path, config: dict[str, Any]) -> Path:
    (place / "config.json").write_text(json.dumps({"model_type": "whisper", **config}))
    return place


@pytest.mark.parametrize(("config", "key", "kernel"), REFUSED)
def test_kernels_of_a_repository_are_refused(tmp_path: Path, config: dict[str, Any], key: str, kernel: str) -> None:
    place = folder(tmp_path, config)
    (place / "model.safetensors").touch()
    for read in (read_config, partial(load_model, options=LoadOptions())):
        with pytest.raises(ModelError) as caught:
            read(str(place))
        assert str(caught.value) == (
            f"{place / 'config.json'} names code of another repository ({key}: {kernel!r}), which is not run; what "
            "works is a folder whose config.json does not, and --attention where another than the library's own choice "
            "is wanted"
        )


@pytest.mark.parametrize(
    "config",
    [
        {"_attn_implementation": "sdpa", "attn_implementation": None, "_name_or_path": "org/model"},
        {"attn_implementation": {"": "eager", "text_config": "flash_attention_2"}},
        {"_attn_implementation_autoset": True, "quantizer": {"name": "org/other"}},
    ],
)
def test_the_library_s_own_are_not(tmp_path: Path, config: dict[str, Any]) -> None:
    assert read_config(str(folder(tmp_path, config))).model_type == "whisper"
