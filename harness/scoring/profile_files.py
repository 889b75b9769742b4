"""A user's own profile: a TOML file that names the profile it starts from and what it does otherwise.

    extends = "leaderboard@2026-08"
    merge_compounds = false
    [english]
    acronyms = false

A table `[unicode]` speaks of all languages at once whose normalizer is our own. What the file says of words:

    drop = ["you know"]
    equivalents = [["okay", "all right"]]
    glm = "english.glm"
    [[replace]]
    find = "Acme Corp."
    to = "Acme"
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from benchmarks.files import stated as stated_text
from harness.errors import DataError, UsageError, unknown_name
from harness.scoring.normalize.chinese import ChineseRules
from harness.scoring.normalize.multilingual import MultilingualRules
from harness.scoring.normalize.own import Kind, OwnRules, Replacement, Stage, read_glm
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.profiles import DEFAULT_PROFILE, ENGLISH_RULES, Profile, built_in_profile, profile_names

_WORDS = ("replace", "equivalents", "glm", "drop")
"""What a file says of words."""
_BESIDE = {"extends", "name", "unicode", *_WORDS}
"""What a file may say that is no rule of a profile."""


def get_profile(name: str) -> Profile:
    """A built-in profile by name, or a user's own by the path of its TOML file.

    Raises:
        UsageError: there is no such profile, or the file says what no profile knows.
        DataError: the file cannot be read.
    """
    return read_profile(Path(name)) if name.endswith(".toml") else built_in_profile(name)


def read_profile(path: Path) -> Profile:
    """The profile of a file.

    Raises:
        UsageError: there is no such file, or it says what no profile knows.
        DataError: the file cannot be read.
    """
    try:
        stated = tomllib.loads(stated_text(path))
    except FileNotFoundError:
        raise UsageError(f"no profile file {path}; the built-in profiles are: {', '.join(profile_names())}") from None
    except OSError as error:
        raise DataError(f"profile file {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
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
    for kind in _of_languages(built_in_profile(base)) if shared else ():
        stated[kind] = shared | own if isinstance(own := stated.get(kind, {}), dict) else own
    own = _own_rules(stated, path)
    changed = _changed(built_in_profile(base), stated, str(path))
    assert isinstance(changed, Profile)
    return dataclasses.replace(changed, name=name, own=own)


def _own_rules(stated: dict[str, Any], path: Path) -> OwnRules | None:
    """What the file says of words, taken out of what it states; None where it says nothing."""
    given = {key: stated.pop(key) for key in _WORDS if key in stated}
    if not given:
        return None
    groups = given.get("equivalents", [])
    if not isinstance(groups, list) or not all(_is_phrases(group) and len(group) > 1 for group in groups):
        raise UsageError(f"profile file {path}: equivalents must be a list of lists of two texts or more")
    if not _is_phrases(given.get("drop", [])):
        raise UsageError(f"profile file {path}: drop must be a list of texts")
    replacements = given.get("replace", [])
    if not isinstance(replacements, list):
        raise UsageError(f"profile file {path}: replacements are tables that begin with [[replace]]")
    return OwnRules(
        replace=tuple(_replacement(one, f"profile file {path}: replace {n}") for n, one in enumerate(replacements, 1)),
        equivalents=(*map(tuple, groups), *_glm(given.get("glm"), path)),
        drop=tuple(given.get("drop", [])),
    )


def _is_phrases(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _replacement(stated: object, where: str) -> Replacement:
    """One table of the file."""
    known = {"find", "to", "kind", "when"}
    if not isinstance(stated, dict) or not all(isinstance(value, str) for value in stated.values()):
        raise UsageError(f"{where}: must be a table of texts: find, to, and perhaps kind and when")
    for key in stated:
        if key not in known:
            raise UsageError(f"{where}: {unknown_name('entry', key, known)}")
    for key, choices in (("kind", get_args(Kind)), ("when", get_args(Stage))):
        if stated.get(key, choices[0]) not in choices:
            raise UsageError(f"{where}: {key} cannot be {stated[key]!r}; it can be {', '.join(choices)}")
    if not stated.get("find", "").strip() or "to" not in stated:
        raise UsageError(f"{where}: find and to must be there")
    one = Replacement(**stated)
    if one.kind == "regex":
        try:
            re.sub(one.find, one.to, "")
        except (re.error, IndexError) as error:
            raise UsageError(f"{where}: {one.find!r} to {one.to!r} is no regular expression: {error}") from None
    return one


def _glm(named: object, path: Path) -> tuple[tuple[str, ...], ...]:
    """The groups of the NIST file that is named, which lies beside the profile or where its path says."""
    if named is None:
        return ()
    if not isinstance(named, str):
        raise UsageError(f"profile file {path}: glm must be the path of a NIST global mapping file")
    where = path.parent / named
    try:
        return read_glm(stated_text(where).splitlines(), str(where))
    except (OSError, ValueError) as error:
        raise DataError(f"{where}, which profile file {path} names, cannot be read: {error}") from None


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
    known = {field.name for field in dataclasses.fields(rules)} - {"name", "own"}
    changes: dict[str, Any] = {}
    for key, value in stated.items():
        if key not in known:
            error = unknown_name("rule", key, known | _BESIDE if isinstance(rules, Profile) else known)
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
    "korean": {"words": "words", "characters": "characters"},
    "armenian": {"others": "others", "refused": "refused"},
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
