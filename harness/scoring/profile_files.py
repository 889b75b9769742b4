"""A user's own profile: a TOML file that names the profile it starts from and what it does otherwise.

    extends = "leaderboard@2026-08"
    merge_compounds = false
    [english]
    acronyms = false

A table `[unicode]` speaks of all languages at once whose normalizer is our own.
"""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError, unknown_name
from harness.scoring.normalize.chinese import ChineseRules
from harness.scoring.normalize.multilingual import MultilingualRules
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.profiles import DEFAULT_PROFILE, ENGLISH_RULES, Profile, get_profile, profile_names


def read_profile(path: Path) -> Profile:
    """The profile of a file.

    Raises:
        UsageError: there is no such file, or it says what no profile knows.
        DataError: the file cannot be read.
    """
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no profile file {path}; the built-in profiles are: {', '.join(profile_names())}") from None
    except OSError as error:
        raise DataError(f"profile file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"profile file {path} is not TOML: {error}") from None
    base = stated.pop("extends", DEFAULT_PROFILE)
    if base not in profile_names():
        raise unknown_name("profile", str(base), profile_names())
    name = stated.pop("name", path.stem)
    if not isinstance(name, str) or name in profile_names():
        raise UsageError(f"profile file {path}: name {name!r} must be a text that no built-in profile has")
    shared = stated.pop("unicode", {})
    if not isinstance(shared, dict):
        raise UsageError(f"profile file {path}: unicode must be a table of rules")
    for kind in _of_languages(get_profile(base)) if shared else ():
        stated[kind] = shared | own if isinstance(own := stated.get(kind, {}), dict) else own
    changed = _changed(get_profile(base), stated, str(path))
    assert isinstance(changed, Profile)
    return dataclasses.replace(changed, name=name)


def _of_languages(base: Profile) -> list[str]:
    """The fields of a profile that hold Unicode rules, which the table `unicode` speaks of all at once.

    Raises:
        UsageError: there are none.
    """
    found = [field.name for field in dataclasses.fields(base) if isinstance(getattr(base, field.name), UnicodeRules)]
    if not found:
        raise UsageError(f"a table [unicode] needs a profile with such rules; {base.name} has none")
    return found


def _changed(rules: Any, stated: dict[str, Any], where: str) -> Any:
    """Frozen rules with what a table of the file states otherwise."""
    known = {field.name for field in dataclasses.fields(rules)} - {"name"}
    changes: dict[str, Any] = {}
    for key, value in stated.items():
        if key not in known:
            error = unknown_name("rule", key, known)
            raise UsageError(f"profile file {where}: {error}")
        changes[key] = _changed_value(getattr(rules, key), value, f"{where}: {key}")
    return dataclasses.replace(rules, **changes)


_CHOICES: dict[str, dict[str, Any]] = {
    "english": {"none": None, **ENGLISH_RULES, "unicode": UnicodeRules()},
    "others": {
        "none": None,
        "english": ENGLISH_RULES["card@2026-04"],
        "multilingual": MultilingualRules(),
        "unicode": UnicodeRules(),
    },
    "unspaced": {"none": None, "unicode": UnicodeRules()},
    "chinese": {"none": None, "leaderboard@2026-10": ChineseRules()},
    "fillers": {"whisper": "whisper", "2026-04": "2026-04", "2026-10": "2026-10"},
    "spelling": {"whisper": "whisper", "2025-09": "2025-09", "2026-06": "2026-06"},
}
"""What a rule that is not just on or off can be in a profile file."""


def _changed_value(now: Any, value: Any, where: str) -> Any:
    if isinstance(value, dict) and dataclasses.is_dataclass(now):
        return _changed(now, value, where)
    choices = _CHOICES.get(where.rsplit(" ", 1)[-1])
    if choices is not None and isinstance(value, str):
        if value not in choices:
            raise UsageError(f"profile file {where} cannot be {value!r}; it can be {', '.join(choices)}")
        return choices[value]
    if isinstance(now, bool) and isinstance(value, bool):
        return value
    expected = "true or false" if isinstance(now, bool) else f"a table, or one of {', '.join(choices or ())}"
    raise UsageError(f"profile file {where} must be {expected}, not {value!r}")
