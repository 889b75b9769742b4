"""Flags declared once: the fields of a record say what the command line takes, and the record is made from it."""

import argparse
import json
from collections.abc import Callable, Container
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.errors import UsageError

T = TypeVar("T")

Rule = tuple[Callable[[Any], bool], str]
"""Whether a value can be meant, and what is said of one that cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A field of a record as the command line takes it."""

    field: str
    """Its name."""
    default: Any
    group: str
    """The heading that it stands under."""
    help: str
    """One line, without the default, which is added."""
    metavar: str | None
    """What stands for the value in the help."""
    rule: Rule | None
    """What a value that is given must be."""
    name: str | None
    """What is typed, where it is not the field's name with dashes."""
    alone: bool
    """Whether it excludes the others of its group that say so too."""
    parse: Callable[[str], object] | None
    """Makes the value from a word, where the field's type does not say how."""
    stored: bool
    """Whether it is written to run.json; the others concern one process only."""
    kind: Callable[[str], object] = str
    """Makes a value from a word; `bool` is a switch, `tuple` takes one each time that the flag is given."""
    choices: tuple[str, ...] = ()
    """The values that there are; empty is any of the kind."""

    @property
    def option(self) -> str:
        """As it is typed."""
        return self.name or f"--{self.field.replace('_', '-')}"

    @property
    def help_line(self) -> str:
        """The line of the help, with the default where there is one to tell."""
        if self.default is None or self.default is False or self.default == ():
            return self.help
        shown = f"{self.default:g}" if isinstance(self.default, float) else self.default
        return f"{self.help} (default {shown})"


def flag(
    default: object,
    group: str,
    text: str,
    metavar: str | None = None,
    *,
    rule: Rule | None = None,
    name: str | None = None,
    alone: bool = False,
    parse: Callable[[str], object] | None = None,
    stored: bool = True,
) -> Any:
    """A field of a dataclass that is a flag; the arguments are as in `Flag`."""
    facts = {"default": default, "group": group, "help": text, "metavar": metavar, "rule": rule, "name": name}
    return field(default=default, metadata={**facts, "alone": alone, "parse": parse, "stored": stored})


def declared(record: type) -> tuple[Flag, ...]:
    """The flags of a record, in the order of its fields; what a flag takes is the field's type."""
    hints = get_type_hints(record)
    found = []
    for each in fields(record):
        kind = hints[each.name]
        if get_origin(kind) in {Union, UnionType}:
            (kind,) = (one for one in get_args(kind) if one is not NoneType)
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        if get_origin(kind) is tuple:
            kind = each.metadata["parse"] or tuple
        found.append(Flag(field=each.name, kind=str if choices else kind, choices=choices, **each.metadata))
    return tuple(found)


def add_flags(
    parser: argparse.ArgumentParser,
    record: type,
    groups: dict[str, argparse._ArgumentGroup],
    only: Container[str] | None = None,
) -> None:
    """Declares the flags of a record; what is not given is left to the record.

    Args:
        parser: of the command line.
        record: a dataclass whose fields are all of `flag`.
        groups: the headings that are there already; the others are added.
        only: the fields to declare; all of them unless said.
    """
    alone: dict[str, argparse._MutuallyExclusiveGroup] = {}
    for each in declared(record):
        if only is not None and each.field not in only:
            continue
        if each.group not in groups:
            groups[each.group] = parser.add_argument_group(each.group)
        if each.alone and each.group not in alone:
            alone[each.group] = groups[each.group].add_mutually_exclusive_group()
        place = alone[each.group] if each.alone else groups[each.group]
        if each.kind is bool:
            place.add_argument(each.option, dest=each.field, action="store_true", default=None, help=each.help_line)
        else:
            place.add_argument(
                each.option,
                dest=each.field,
                type=str if each.kind is tuple else each.kind,
                action="append" if each.kind is tuple else "store",
                choices=each.choices or None,
                metavar=each.metavar,
                help=each.help_line,
            )


def made(record: type[T], args: argparse.Namespace) -> T:
    """The record that the command line asks for."""
    given = {each.field: getattr(args, each.field, None) for each in declared(record)}
    words = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return record(**{name: value for name, value in words.items() if value is not None})


def check(record: object) -> None:
    """Refuses a value that cannot be meant, wherever it comes from.

    Raises:
        UsageError: names the flag, the value, and what to give instead.
    """
    for each in declared(type(record)):
        value = getattr(record, each.field)
        shown = f"{value:g}" if isinstance(value, float) else value
        if each.choices and value is not None and value not in each.choices:
            raise UsageError(f"{each.option} {shown}: choose from {', '.join(each.choices)}")
        if value is not None and each.rule is not None and not each.rule[0](value):
            raise UsageError(f"{each.option} {shown}: {each.rule[1]}")


def phrases_given(text: str) -> list[str]:
    """The phrases of a list that is no file: `a,b,c`, or a JSON list of them."""
    if text.lstrip().startswith("["):
        try:
            found: object = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return text.split(",")


def is_file_name(text: str) -> bool:
    """Whether what stands for a list of words is the name of a file: one that is there, or that looks like one."""
    path = Path(text).expanduser()
    try:
        there = path.is_file()
    except (OSError, ValueError):  # too long a name, as a list may be
        there = False
    return there or ("," not in text and (bool(path.suffix) or "/" in text))
