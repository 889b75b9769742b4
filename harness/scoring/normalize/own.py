"""Rules that a user states in a profile's file: replacements before or after the rest, equivalents, words that go."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from harness.errors import UsageError

Kind = Literal["words", "text", "regex"]
Stage = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One replacement, on both sides."""

    find: str
    to: str
    kind: Kind = "words"
    """Whole words in any case and with any white space between them, the very text, or a regular expression."""
    when: Stage = "before"
    """On the text as written, or on what the other rules made of it."""

    def __str__(self) -> str:
        return f"{self.when}, {self.kind}: {self.find!r} -> {self.to!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRules:
    """All of them. Equivalents and drops are stated as written, and compared as the profile normalizes them."""

    replace: tuple[Replacement, ...] = ()
    """One after the other over the whole text."""
    equivalents: tuple[tuple[str, ...], ...] = ()
    """Words or phrases of which any counts as any other of its group: each becomes the first one, or goes where one of
    them is empty."""
    drop: tuple[str, ...] = ()
    """Words or phrases that go on both sides: they are neither right nor wrong."""

    def record(self) -> dict[str, str | bool | None]:
        """As scores.json states them."""
        return {
            "replace": "; ".join(map(str, self.replace)),
            "equivalents": "; ".join(" = ".join(phrase or "nothing" for phrase in group) for group in self.equivalents),
            "drop": "; ".join(self.drop),
        }


class OwnNormalizer:
    """A normalizer with the user's rules around it.

    Args:
        rules: the user's.
        inner: the normalizer.
        spaces: whether words are separated by spaces; else a phrase is found anywhere.

    Raises:
        UsageError: a phrase normalizes to nothing.
    """

    def __init__(self, rules: OwnRules, inner: Callable[[str], str], *, spaces: bool) -> None:
        self._inner, self._spaces = inner, spaces
        self._stages = {
            stage: [self._replacing(one) for one in rules.replace if one.when == stage] for stage in ("before", "after")
        }
        self._canonical: dict[str, str] = {}
        for group in rules.equivalents:
            known = [self._form(phrase, "equivalents", gone="" in group) for phrase in group if phrase]
            self._add(["", *filter(None, known)] if "" in group else known)
        self._canonical.pop("", None)
        self._equivalent = self._any_of(self._canonical)
        self._deletes = "" in self._canonical.values()
        dropped = {self._equal(self._form(phrase, "drop")) for phrase in rules.drop}
        self._dropped = self._any_of(dropped - {""})

    def __call__(self, text: str) -> str:
        """Normalize one text.

        Raises:
            ValueError: the normalizer cannot digest it.
        """
        text = self._equal(self._replaced(text))
        text = self._tidy(text) if self._deletes else text
        return self._tidy(self._dropped.sub(" " if self._spaces else "", text)) if self._dropped else text

    def _add(self, group: list[str]) -> None:
        """A group of normalized phrases, which is one with the groups that share a phrase with it."""
        known = [self._canonical[form] for form in group if form in self._canonical]
        first = "" if "" in {*group, *known} else known[0] if known else group[0]
        for form, canonical in [*self._canonical.items(), *((form, first) for form in group)]:
            self._canonical[form] = first if canonical in known else canonical

    def _replaced(self, text: str) -> str:
        for replace in self._stages["before"]:
            text = replace(text)
        text = self._inner(text)
        if self._stages["after"]:
            for replace in self._stages["after"]:
                text = replace(text)
            text = self._tidy(text)
        return text

    def _equal(self, text: str) -> str:
        """The text with each phrase that has equivalents as the first of its group."""
        if self._equivalent is None:
            return text
        return self._equivalent.sub(lambda match: self._canonical[" ".join(match[0].split())], text)

    def _form(self, phrase: str, where: str, *, gone: bool = False) -> str:
        """A phrase as it is found; one that is to go anyhow may be nothing already."""
        form = self._tidy(self._replaced(phrase))
        if not form and not gone:
            raise UsageError(f"{where}: {phrase!r} is nothing once it is normalized, so it cannot be found")
        return form

    def _tidy(self, text: str) -> str:
        return " ".join(text.split()) if self._spaces else text

    def _any_of(self, phrases: Iterable[str]) -> re.Pattern[str] | None:
        """What finds any of some phrases, the longest first."""
        longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
        if not longest_first:
            return None
        return re.compile(self._bounded("|".join(map(_spaced, longest_first))))

    def _bounded(self, pattern: str) -> str:
        return rf"(?<!\S)(?:{pattern})(?!\S)" if self._spaces else f"(?:{pattern})"

    def _replacing(self, one: Replacement) -> Callable[[str], str]:
        if one.kind == "text":
            return lambda text: text.replace(one.find, one.to)
        if one.kind == "regex":
            pattern = re.compile(one.find)
            return lambda text: pattern.sub(one.to, text)
        edges = (r"(?<!\w)", r"(?!\w)") if self._spaces else ("", "")
        words = re.compile(f"{edges[0]}{_spaced(one.find)}{edges[1]}", re.IGNORECASE)
        return lambda text: words.sub(lambda _: one.to, text)


def _spaced(phrase: str) -> str:
    """A pattern of a phrase with any white space between its words."""
    return r"\s+".join(map(re.escape, phrase.split()))


_ANYWHERE = r"/\s*\[\s*\]\s*__\s*\[\s*\]\s*"
_FREE = re.compile(
    rf"\[?\s*(?P<find>[^\]\[=>{{}}/]+?)\s*\]?\s*=>\s*(?:(?P<to>[^/].*?)\s*(?:{_ANYWHERE})?|(?P<gone>{_ANYWHERE}))$"
)


def read_glm(lines: Iterable[str], name: str) -> tuple[tuple[str, ...], ...]:
    """The groups of a NIST global mapping file: ``[a] => [b] / [ ] __ [ ]``, ``[a] => {[b] / [c]}``, ``[a] => [ ]``.

    Args:
        lines: of the file; those that begin with ``;;`` or ``*`` say nothing of words.
        name: of the file, for errors.

    Returns:
        Groups of phrases that count as each other, the first of them what the rule writes. Rules that share a phrase
        are one group. One of them may be empty: the others count as nothing.

    Raises:
        UsageError: a rule looks at what stands around it, or is none.
    """
    groups: list[list[str]] = []
    for number, line in enumerate(lines, start=1):
        rule = line.split(";;")[0].strip()
        if not rule or rule.startswith("*"):
            continue
        match = _FREE.match(rule)
        to = "[ ]" if match and match["gone"] else match["to"] if match else ""
        phrases = [_phrase(written) for written in to.split("/")]
        if match is None or "__" in to or any(phrase is None for phrase in phrases):
            raise UsageError(f"{name}: line {number} is no rule of the form [a] => [b] / [ ] __ [ ]: {rule}")
        new = list(dict.fromkeys([*(phrase or "" for phrase in phrases), match["find"].strip()]))
        for old in [group for group in groups if not {*group}.isdisjoint(new)]:
            groups.remove(old)
            new = list(dict.fromkeys([*old, *new]))
        groups.append(new)
    return tuple(map(tuple, groups))


def _phrase(written: str) -> str | None:
    """One alternative without its brackets; empty where it is ``[ ]`` or ``@``, None where nothing is written."""
    words = " ".join(re.sub(r"[{}\[\]]", " ", written).split())
    if not words and "[" not in written:
        return None
    return "" if words == "@" else words


@functools.lru_cache(maxsize=100)
def own_normalizer(rules: OwnRules, inner: Callable[[str], str], *, spaces: bool) -> OwnNormalizer:
    """The normalizer of these rules around another one."""
    return OwnNormalizer(rules, inner, spaces=spaces)
