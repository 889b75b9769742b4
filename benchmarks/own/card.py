"""What the README of a repository says of its language, for utterances that do not say theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.languages import primary_subtag
from benchmarks.sources.listing import facts_of
from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Account, Asked, Item


def with_language(items: Iterator[Item], readme: str, config: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The items, those that state no language in the card's, unless the user said another.

    Args:
        items: as they were read.
        readme: the text of the repository's README.md, or empty.
        config: the configuration that is read.
        asked: what the user said.
        account: told that the card was believed, or was not enough.
    """
    languages = card_languages(readme)
    stated = None if asked.language is not None else _of(languages, config)
    for item in items:
        if item.language is None and stated is not None:
            account.note(f"{stated}: language of the card (README.md)")
            yield replace(item, language=stated)
            continue
        if item.language is None and asked.language is None and languages:
            account.note(f"the card (README.md) has {len(languages)} languages, of which none is that of every row")
        yield item


def card_languages(readme: str) -> tuple[str, ...]:
    """The languages that the head of a README states, each once, in its order; what is none is passed over."""
    facts = facts_of(readme)
    stated = facts.get("language", facts.get("languages"))
    found: dict[str, None] = {}
    for one in stated if isinstance(stated, list) else [stated]:
        name = "no" if one is False else one  # what YAML takes Norwegian for
        if isinstance(name, str):
            try:
                found.setdefault(primary_subtag(name))
            except UsageError:
                continue
    return tuple(found)


def _of(languages: tuple[str, ...], config: str) -> str | None:
    """The language of a configuration: the only one, or that of several which it is called after."""
    if len(languages) < 2:
        return languages[0] if languages else None
    try:
        called = primary_subtag(config)
    except UsageError:
        return None
    return called if called in languages else None
