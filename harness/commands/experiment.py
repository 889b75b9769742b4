"""An experiment file, `run_eval.py --config eval.toml`: the flags of a run as TOML, and what follows it.

    suite = "sample"
    models = ["whisper-tiny.en", "hama"]
    name = "nightly"
    report = "report"
    [gate]
    baseline = "baselines"

A key is a flag without its dashes, and takes what the flag takes: a relative path is from the current folder. A flag
that is typed wins.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from harness.errors import ExitStatus, UsageError, unknown_name

Table = Mapping[str, object]
"""A table of a TOML file."""

AFTER = ("report", "gate")
"""What may follow the run: the commands of these names."""

_ALIASES = {"models": "model"}
_NOT_HERE = {"help", "version", "debug"}
_EITHER = (("suite", "data"), ("batch_size", "batch_seconds"))
"""Flags of which one takes the place of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What a file says."""

    path: Path
    flags: dict[str, object] = field(default_factory=dict)
    """Of the run, by the names of the parser."""
    after: dict[str, Table] = field(default_factory=dict)
    """Of each command that follows."""


def read_experiment(path: Path, parser: argparse.ArgumentParser) -> Experiment:
    """What an experiment file says.

    Args:
        path: of the file.
        parser: of a run, whose flags are the keys.

    Raises:
        UsageError: the file cannot be read, or has a key or a value that no flag has.
    """
    try:
        stated: Table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--config {path}: not TOML: {error}") from None
    keys = _keys(parser)
    found: dict[str, object] = {}
    after: dict[str, Table] = {}
    for key, value in stated.items():
        if key in AFTER:
            after[key] = _table(path, key, value)
            continue
        words = _words(str(path), key, value, keys, (*keys, *_ALIASES, *AFTER))
        given = vars(_parsed(f"{path}: {key}", parser, words))
        dest = keys[_ALIASES.get(key, key).replace("-", "_")].dest
        found[dest] = given[dest]
    for one, other in _EITHER:
        if found.get(one) and found.get(other):
            raise UsageError(f"{path}: {one} and {other} exclude each other; leave one out")
    for name, table in after.items():
        _check_after(path, name, table)
    return Experiment(path=path, flags=found, after=after)


def _keys(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The keys that stand for flags."""
    options = {
        option.removeprefix("--").replace("-", "_"): action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    return {key: action for key, action in options.items() if key not in _NOT_HERE}


def _table(path: Path, key: str, value: object) -> Table:
    """``report = "DIR"`` is its `out`, ``gate = "PATH"`` its `baseline`."""
    if isinstance(value, str):
        return {{"report": "out", "gate": "baseline"}[key]: value}
    if isinstance(value, dict):
        return value
    raise UsageError(f"{path}: {key}: give a path, or a table [{key}]")


def _words(where: str, key: str, value: object, keys: Mapping[str, argparse.Action], known: Sequence[str]) -> list[str]:
    """A key and its value as they would be typed."""
    action = keys.get(_ALIASES.get(key, key).replace("-", "_"))
    if action is None:
        raise unknown_name(f"key in {where}", key, known)
    option = max(action.option_strings, key=len)
    if isinstance(action, argparse._StoreTrueAction):
        if not isinstance(value, bool):
            raise UsageError(f"{where}: {key}: give true or false")
        return [option] if value else []
    if isinstance(value, dict) and option == "--model-option":
        value = [f"{name}={_text(where, key, one)}" for name, one in value.items()]
    if isinstance(value, list) and option == "--keywords":
        value = json.dumps(value * 2)  # twice is once, and a list with a comma is not taken for the name of a file
    many = isinstance(action, argparse._AppendAction) or action.nargs == "+"
    values = value if isinstance(value, list) else [value]
    if len(values) != 1 and not many:
        raise UsageError(f"{where}: {key}: give one value, not a list")
    texts = [_text(where, key, one) for one in values]
    if action.nargs == "+":
        return [option, *texts] if texts else []
    return [f"{option}={text}" for text in texts]


def _text(where: str, key: str, value: object) -> str:
    """A value as it would be typed; dates and numbers need no quotes."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        shown = str(value).lower() if isinstance(value, bool) else f"a {type(value).__name__}"
        raise UsageError(f"{where}: {key}: give a text or a number, not {shown}")
    return str(value)


def _parsed(where: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    try:
        return parser.parse_args(words)
    except UsageError as error:
        raise UsageError(f"{where}: {str(error).partition('; see ')[0]}") from None


def fill(args: argparse.Namespace, experiment: Experiment) -> None:
    """Gives the flags that were not typed the values of the file."""
    typed = {name for name, value in vars(args).items() if value is not None and value is not False and value != []}
    for pair in _EITHER:
        if typed & set(pair):
            typed |= set(pair)
    if "suite" in typed and args.suite is not None:
        typed |= {"language", "split", "config", "form", *(name for name in vars(args) if name.endswith("_column"))}
    for name, value in experiment.flags.items():
        if name not in typed:
            setattr(args, name, value)


def follow(
    experiment: Experiment, folders: Sequence[Path], *, profile: str | None = None, quiet_out: bool
) -> ExitStatus:
    """Does what follows a run: the report over all its models, the gate on all of them.

    Args:
        experiment: what the file says.
        folders: of the runs.
        profile: rules of the run, which are those of what follows where that names none.
        quiet_out: whether stdout belongs to the scores alone, so that the rest goes to stderr.

    Raises:
        HarnessError: as the commands do.
    """
    status = ExitStatus.GOOD
    with contextlib.redirect_stdout(sys.stderr) if quiet_out else contextlib.nullcontext():
        for name in AFTER:
            if name not in experiment.after:
                continue
            table = {**({"profile": profile} if profile else {}), **experiment.after[name]}
            found = _do(experiment.path, name, table, folders)
            status = ExitStatus.REGRESSION if ExitStatus.REGRESSION in {status, found} else max(status, found)
    return status


def _do(path: Path, name: str, table: Table, folders: Sequence[Path]) -> ExitStatus:
    from harness.cli import module_of, parser_of

    verb = module_of(name)
    with _policy(path, table) as plain:
        words = _after_words(path, name, plain)
        args = _parsed(f"{path}, [{name}]", parser_of(name, verb), [*map(str, folders), *words])
        return verb.run(args)


def _check_after(path: Path, name: str, table: Table) -> None:
    """Refuses what the command that follows would refuse, before anything is run."""
    with _policy(path, table) as plain:
        _after(path, name, plain)


def check_baseline(experiment: Experiment) -> None:
    """Refuses an experiment whose gate would have no baseline, before anything is run.

    Raises:
        UsageError: there is no such baseline.
    """
    from harness.gating.against import no_such
    from harness.gating.published import NAME

    table = {key: value for key, value in experiment.after.get("gate", {}).items() if key == "baseline"}
    for one in _after(experiment.path, "gate", table).baseline or ():
        if str(one) != NAME and not one.exists():
            raise UsageError(f"{experiment.path}, [gate]: {no_such(one)}")


def _after(path: Path, name: str, table: Table) -> argparse.Namespace:
    from harness.cli import module_of, parser_of

    words = ["RUN", *_after_words(path, name, table)]
    return _parsed(f"{path}, [{name}]", parser_of(name, module_of(name)), words)


def _after_words(path: Path, name: str, table: Table) -> list[str]:
    from harness.cli import module_of, parser_of

    keys = _keys(parser_of(name, module_of(name)))
    return [word for key, value in table.items() for word in _words(f"{path}, [{name}]", key, value, keys, [*keys])]


@contextlib.contextmanager
def _policy(path: Path, table: Table) -> Iterator[Table]:
    """A table whose policy, where it stands in the file itself, is a file for as long as the gate reads it."""
    policy = table.get("policy")
    if not isinstance(policy, dict):
        yield table
        return
    from harness.gating.policy import parse_policy

    parse_policy(policy, f"{path}, [gate.policy]")
    with tempfile.TemporaryDirectory(prefix="asr-policy") as folder:
        file = Path(folder) / "policy.toml"
        file.write_text("".join(_toml(policy)), encoding="utf-8")
        yield {**table, "policy": str(file)}


def _toml(table: Table, before: str = "") -> Iterator[str]:
    """The lines of a table of plain values, each under its whole key."""
    for key, value in table.items():
        name = f"{before}{json.dumps(key)}"
        if isinstance(value, dict):
            yield from _toml(value, f"{name}.")
        else:
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
