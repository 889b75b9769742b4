"""`check-model MODEL`: whether a model keeps what the runner relies on, for who writes one."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import msgspec

from harness import environment
from harness.amounts import amount
from harness.commands.shared import add_shared
from harness.config import HOW, Settings
from harness.errors import ExitStatus, HarnessError, UsageError
from harness.flags import add_flags, made
from harness.models.base import LoadOptions, Model
from harness.models.registry import check_model, devices_of, load_model, revision_now
from harness.records.conformance import Conformance, Finding
from harness.streams import put_json, tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.runner.clock import Lap

HELP = """check that a model keeps what the runner relies on: 0 it does, 1 there is something to mend
(docs/adding_a_model.md)"""

SETTINGS = (
    "device",
    "dtype",
    "attention",
    "revision",
    "trust_remote_code",
    "family",
    "model_option",
    "keywords",
    "concurrency",
)
"""The settings of a run that say how a model is loaded."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("model", metavar="MODEL", help="as --model takes it: hub id, folder, known name or module:name")
    parser.add_argument(
        "--clips", type=int, default=20, metavar="N", help="clips of the sample, at most 27 (default 20)"
    )
    add_flags(parser, Settings, {HOW: parser.add_argument_group(HOW)}, only=SETTINGS)
    add_shared(parser, "--json")


def run(args: argparse.Namespace) -> ExitStatus:
    """Loads the model, asks it everything, prints its card and what to mend."""
    settings = made(Settings, args).on(devices_of(args.model))
    check_model(args.model)
    found = _examined(args.model, settings, clips=max(2, args.clips), quiet=args.json)
    if args.json:
        put_json(found)
    else:
        print(_card(found), end="")
    return ExitStatus.GOOD if found.conforms else ExitStatus.REGRESSION


def _examined(name: str, settings: Settings, *, clips: int, quiet: bool) -> Conformance:
    from harness.conformance.checks import good, mend
    from harness.conformance.clips import sample_clips
    from harness.conformance.examine import examine

    heard, references = sample_clips(clips)
    findings: list[Finding] = []

    def add(finding: Finding) -> None:
        findings.append(finding)
        if not quiet:
            tell(_line(finding))

    seconds = sum(clip.duration for clip in heard)
    found = Conformance(model=name, device=settings.device, clips=len(heard), audio_seconds=seconds, conforms=False)
    begin = time.perf_counter()
    try:
        model = load_model(name, msgspec.convert(settings, LoadOptions, from_attributes=True))
    except UsageError:
        raise
    except HarnessError as error:
        add(mend("loads", str(error), "load raises what a user should read as one line; this is what it said"))
        return msgspec.structs.replace(found, findings=tuple(findings))
    load_seconds = time.perf_counter() - begin
    add(good("loads", f"in {load_seconds:.1f} s on {settings.device}"))
    subject, going = examine(model, heard, revision_now(name, settings.revision, model.card.revision or ""))
    for finding in going:
        add(finding)
    model.close()
    facts = {each: getattr(model.card, each) for each in ("revision", "parameters", "languages", "license")}
    return msgspec.structs.replace(
        found,
        **facts,
        max_seconds=model.card.max_seconds,
        batch_invariant=model.card.batch_invariant,
        load_seconds=load_seconds,
        rtfx=_rtfx(seconds, subject.alone),
        rtfx_batches=_rtfx(seconds, subject.together),
        wer=_wer(model, references, subject.texts),
        peak_memory=environment.peak_memory(),
        findings=tuple(findings),
        conforms=all(finding.state != "mend" for finding in findings),
    )


def _rtfx(seconds: float, lap: Lap) -> float | None:
    return seconds / lap.counted if lap.counted else None


def _wer(model: Model, references: Mapping[str, str], texts: Mapping[str, str]) -> float | None:
    """Of the clips that were transcribed, where the model knows their language as far as it says."""
    from benchmarks.registry import get_suite
    from harness.scoring.error_counts import ErrorCounts
    from harness.scoring.profile_files import get_profile

    if model.card.languages and "en" not in model.card.languages:
        return None
    profile = get_profile(get_suite("sample").profile)
    return sum((profile.count(references[name], text, "en") for name, text in texts.items()), ErrorCounts()).rate


def _line(finding: Finding) -> str:
    marks = {"good": "good", "mend": "MEND", "note": "note"}
    return f"{marks[finding.state]}  {finding.check:<12} {finding.said}"


def _card(found: Conformance) -> str:
    """The card and what to mend; the findings were shown as they came."""
    wanting = [finding for finding in found.findings if finding.state == "mend"]
    memory = found.peak_memory
    facts = {
        "model": found.model,
        "revision": found.revision,
        "parameters": None if found.parameters is None else f"{found.parameters:,}",
        "languages": ", ".join(found.languages) or None,
        "license": found.license,
        "longest clip": None if found.max_seconds is None else f"{found.max_seconds:g} s",
        "sample": f"{amount(found.clips, 'clip')}, {found.audio_seconds:.0f} s" + _percent(found.wer),
        "RTFx": None if found.rtfx is None else f"{found.rtfx:,.1f} alone" + _batches(found.rtfx_batches),
        "peak memory": None
        if memory is None or memory.host_gib is None
        else f"{memory.host_gib:.2f} GiB" + _on(memory.device_gib),
    }
    lines = [f"{name:<13} {'not known' if fact is None else fact}" for name, fact in facts.items()]
    lines += [f"\nto mend ({finding.check}): {finding.said}\n  {finding.how}" for finding in wanting]
    lines.append("\nnothing to mend" if found.conforms else f"\n{len(wanting)} to mend")
    return "\n".join(lines) + "\n"


def _percent(wer: float | None) -> str:
    return "" if wer is None else f", {100 * wer:.2f} % WER"


def _batches(rtfx: float | None) -> str:
    return "" if rtfx is None else f", {rtfx:,.1f} in batches"


def _on(gib: float | None) -> str:
    return "" if gib is None else f", {gib:.2f} GiB on the device"
