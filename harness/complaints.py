"""What argparse complains of, in words that say what would work."""

import argparse
import difflib
import re
from collections.abc import Callable, Mapping, Sequence

_KINDS = {"int": "a whole number", "float": "a number"}
"""What a value must be, by the name that argparse has for its type."""


def in_words(
    message: str, options: Mapping[str, argparse.Action], elsewhere: Callable[[str], Sequence[str]] = lambda _option: ()
) -> str:
    """A complaint of argparse, said otherwise where its own words do not tell what to give.

    Args:
        message: as `argparse.ArgumentParser.error` is given it.
        options: the flags that there are.
        elsewhere: the commands that take a flag.
    """
    unknown = re.match(r"unrecognized arguments: (?:[^-]\S* )*(--[^\s=]+)", message)
    if unknown:
        return message + _meant(unknown[1], options, elsewhere(unknown[1]))
    found = re.fullmatch(r"argument (\S+): (.+)", message, re.DOTALL)
    if not found:
        return message
    option, what = found[1].rpartition("/")[2], found[2]
    if wrong := re.fullmatch(r"invalid (int|float) value: (.+)", what, re.DOTALL):
        return f"{option} {wrong[2]}: give {_KINDS[wrong[1]]}"
    if what.startswith("expected "):
        return f"{option}: give {_wanted(what, option, options.get(option))}"
    if surplus := re.fullmatch(r"ignored explicit argument (.+)", what, re.DOTALL):
        return f"{option} takes no value; leave {surplus[1]} out"
    return message


def _meant(option: str, options: Mapping[str, argparse.Action], others: Sequence[str]) -> str:
    """What is said of a flag that a command does not have: whose it is, or which one is near; nothing if none is."""
    if others:
        return f"; {option} is a flag of {', '.join(others)}"
    near = difflib.get_close_matches(option, options, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _wanted(what: str, option: str, action: argparse.Action | None) -> str:
    """What a flag takes that was given nothing, or too little: ``a value, as --suite NAME``."""
    many = {"expected one argument": "a value", "expected at least one argument": "one value or more"}
    wanted = many.get(what) or what.removeprefix("expected ").replace("argument", "value")
    if action is None:
        return wanted
    if action.choices is not None:
        return f"{wanted}, one of {', '.join(map(str, action.choices))}"
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return f"{wanted}, as {option} {metavar}"
