"""Reads benchmarks to their end and compares them with what is stated; fills a suite's lock with what was found."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from benchmarks.dataset import ALL_FACTS, Dataset, Request, open_dataset
from benchmarks.facts import Seen, check_facts, stated_fact
from benchmarks.suite import FOLDER, Lock
from harness.errors import AccessError, DataError, UsageError

GOOD, DIFFERS, MISSING, BROKEN = "good", "differs", "missing", "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is true of one benchmark's data."""

    benchmark: str
    status: str
    """``good``, ``differs`` from what is stated, ``missing``, or ``broken``."""
    details: tuple[str, ...] = ()
    """What is wrong, one line each."""
    seen: Lock = field(default_factory=Lock)
    """What was found."""
    unlocked: tuple[str, ...] = ()
    """Facts that neither the lock nor the data set states, so that nothing could be compared."""


def verify(dataset: Dataset, lock: Lock | None, request: Request) -> Finding:
    """Reads a benchmark to its end, without decoding, and compares rows, hours, words and revision."""
    seen = Seen()
    try:
        pins = lock.pins if lock else {}
        for utterance in open_dataset(dataset, replace(request, note=seen.note, pins=pins)):
            seen.add(utterance)
        details = check_facts(dataset, lock, seen, allow_drift=True)
    except AccessError as error:
        return Finding(benchmark=dataset.name, status=MISSING, details=(str(error),))
    except DataError as error:
        return Finding(benchmark=dataset.name, status=BROKEN, details=(str(error),))
    hours = None if seen.hours is None else round(seen.hours, 4)
    found = Lock(source=seen.source, revision=seen.revision, rows=seen.rows, hours=hours, words=seen.words)
    known = {name for name in ALL_FACTS if stated_fact(dataset, lock, name) is not None}
    if lock is not None and lock.revision is not None and lock.source == seen.source:
        known.add("revision")
    unlocked = tuple(name for name in ("revision", *ALL_FACTS) if name not in known)
    status = DIFFERS if details else GOOD
    return Finding(benchmark=dataset.name, status=status, details=tuple(details), seen=found, unlocked=unlocked)


def merge(lock: Lock | None, seen: Lock) -> Lock:
    """The lock with its unknown facts filled in. What it states stays: corrected data gets a new name instead."""
    old = lock or Lock()
    same_source = old.source in {None, seen.source}
    rows, hours = (getattr(old if getattr(old, name) is not None else seen, name) for name in ("rows", "hours"))
    revision = old.revision or (seen.revision if same_source and is_commit(seen.revision) else None)
    words = old.words if old.words is not None else (seen.words if same_source else None)
    return Lock(source=old.source or seen.source, revision=revision, rows=rows, hours=hours, words=words)


def is_commit(revision: str | None) -> bool:
    """Whether a revision is a full commit or a SHA-256, which cannot come to mean something else."""
    return revision is not None and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", revision) is not None


def write_lock(path: Path, lock: Mapping[str, Lock]) -> None:
    """Writes the lock into a suite's file, and leaves what stands above it as it is.

    Raises:
        UsageError: it cannot be written to.
    """
    head = path.read_text(encoding="utf-8").partition("\n[lock.")[0].rstrip("\n")
    sections = []
    for name, facts in sorted(lock.items()):
        known = {key: value for key, value in msgspec.structs.asdict(facts).items() if value is not None}
        if known:
            lines = [f"{key} = {json.dumps(value)}" for key, value in known.items()]
            sections.append("\n".join([f"[lock.{name}]", *lines]))
    text = "\n\n".join([head, *sections]) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write the lock to {path} ({error.strerror}); run this in a clone of the project"
        raise UsageError(msg) from error


def suite_file(suite: str) -> Path:
    """The file that declares a suite.

    Raises:
        UsageError: no file does.
    """
    for path in FOLDER.glob("*.toml"):
        if f'\nname = "{suite}"\n' in "\n" + path.read_text(encoding="utf-8"):
            return path
    raise UsageError(f"no file in benchmarks/suites declares {suite}")
