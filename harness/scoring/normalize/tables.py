"""The word tables of the English normalizers, read from tables.toml: contractions, spellings, names, by version."""

import functools
import json
import tomllib
from importlib.resources import files
from typing import Any, Literal

SpellingVersion = Literal["whisper", "2025-09", "2026-06"]

_TABLES: dict[str, Any] = tomllib.loads((files(__package__) / "tables.toml").read_text(encoding="utf-8"))

FILLERS: dict[str, str] = _TABLES["fillers"]
"""Hesitations that are dropped, by version."""
CONTRACTIONS: dict[str, dict[str, str]] = _TABLES["contractions"]
"""Groups of patterns and what is written instead, in the order in which they are applied."""
COMPOUNDS: dict[tuple[str, ...], str] = {tuple(two.split()): one for two, one in _TABLES["compounds"].items()}
"""Two words, and what is written instead."""
COMPOUND_ENDS = frozenset(second for _, second in COMPOUNDS)
"""Their second words."""
NAMES = {variant: name for name, variants in _TABLES["names"].items() for variant in variants.split()}
"""Spelling of a name to the one that it gets."""
LETTERS: dict[str, str] = _TABLES["letters"]
"""Letters that Unicode does not decompose, and what is written instead."""
NUMBERS: dict[str, list[str]] = _TABLES["numbers"]
"""Words of numbers, each kind in order: ones from one, tens from twenty, multipliers from thousand."""
CURRENCIES: dict[str, str] = _TABLES["currencies"]
"""Words to their symbols."""


@functools.cache
def spelling(version: SpellingVersion) -> dict[str, str]:
    """British -> American spellings.

    Args:
        version: ``whisper`` is the table as shipped, ``2025-09`` the repaired one, ``2026-06`` the leaderboard's
            present one.
    """
    table = files("whisper_normalizer").joinpath("normalizers/english.json").read_text(encoding="utf-8")
    shipped: dict[str, str] = json.loads(table)
    if version == "whisper":
        return shipped
    changed = _TABLES["spelling"]
    repaired: dict[str, str] = {word: to for word, to in shipped.items() if word not in changed["removed"]} | changed[
        "repaired"
    ]
    if version == "2025-09":
        return repaired
    repaired.pop("flyer / flier", None)
    return {**repaired, **changed["2026-06"]}
