"""`doctor`: what this machine has for the harness, what is missing, and how to get it."""

import argparse
import importlib.util
import io
import json
import os
import platform
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from harness import environment
from harness.commands.shared import add_shared
from harness.devices import is_here
from harness.errors import ExitStatus

HELP = "Check this machine: Python, packages, device, attention, audio formats, models, hub, disk."

FREE_GIB = 10.0
"""Disk space below which the doctor warns: the English suite's audio alone takes more."""

HUB_SECONDS = 5.0
"""How long the hub may take to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["good", "missing", "broken"]
    """`missing` is something that can be done without; `broken` is not."""
    detail: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    parser.add_argument("--out", type=Path, default=Path("results/runs"), help="folder that runs are written to")
    add_shared(parser, "--json")


def run(args: argparse.Namespace) -> ExitStatus:
    """Looks at everything; the status is 4 where something is broken."""
    findings = []
    marks = {"good": "ok     ", "missing": "missing", "broken": "BROKEN "}
    for finding in examine(args.out):
        findings.append(finding)
        if not args.json:
            print(f"{marks[finding.state]}  {finding.what:<12} {finding.detail}", flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    return ExitStatus.DATA if any(finding.state == "broken" for finding in findings) else ExitStatus.GOOD


def examine(out: Path) -> Iterator[Finding]:
    """All findings, each as soon as it is known. A check that fails itself is a finding."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (_machine, _torch, _audio, _models, _hub)
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - the doctor looks at broken machines
            yield Finding(check.__name__.lstrip("_"), "broken", f"{type(error).__name__}: {error}")
    yield from _disk(out)


def _machine() -> Iterator[Finding]:
    yield Finding("python", "good", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("machine", "good", f"{environment.cpu_name()}, {cores} cores, {environment.memory_gib()} GiB")
    versions = environment.packages()
    yield Finding("packages", "good", ", ".join(f"{name} {version}" for name, version in versions.items()))
    commit, dirty = environment.code()
    if commit is None:
        yield Finding("code", "missing", "not a git checkout: runs will not name the commit that made them")
        return
    yield Finding("code", "good", f"commit {commit[:12]}{', with changes' if dirty else ''}")


def _torch() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        facts = environment.hardware()
        detail = f"{facts.accelerators} x {facts.accelerator}, {facts.accelerator_memory_gib} GiB"
        yield Finding("device", "good", f"cuda: {detail}, CUDA {torch.version.cuda}, torch {torch.__version__}")
    elif is_here("mps"):
        yield Finding("device", "good", f"mps: {environment.hardware().accelerator}, torch {torch.__version__}")
    else:
        yield Finding("device", "good", f"cpu only: torch {torch.__version__} sees neither CUDA nor MPS")
    from harness.models.granite_nar.attention import unavailable

    on_gpu = torch.cuda.is_available()
    reasons = unavailable(torch.device("cuda" if on_gpu else "cpu"), torch.bfloat16)
    detail = f"{', '.join(name for name, reason in reasons.items() if not reason)} (--attention auto takes the first)"
    if on_gpu:
        detail += "; cuDNN's is off unless --cudnn-attention is given"
    yield Finding("attention", "good", detail)
    if "broken" in reasons["flash"] or (on_gpu and importlib.util.find_spec("flash_attn") and reasons["flash"]):
        yield Finding("flash-attn", "missing", reasons["flash"])


def _audio() -> Iterator[Finding]:
    """Encodes and decodes a moment of sound in each format that corpora come in."""
    import numpy as np
    import soundfile

    from harness.audio import pyav

    moment = np.sin(np.arange(16_000, dtype=np.float32) / 20) / 2
    works, fails = list[str](), list[str]()
    for form, subtype in (("WAV", None), ("FLAC", None), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)):
        buffer = io.BytesIO()
        try:
            soundfile.write(buffer, moment, 16_000, format=form, subtype=subtype)
            buffer.seek(0)
            decoded, _ = soundfile.read(buffer)
            good = len(decoded) >= len(moment) // 2
        except (soundfile.SoundFileError, ValueError, TypeError):
            good = False
        (works if good else fails).append(subtype or form)
    yield Finding("audio", "broken" if fails else "good", f"reads {', '.join(works)}" + f"; not {fails}" * bool(fails))
    others = "M4A, AAC, WebM, WMA, AMR, MP3 without a tag"
    if pyav.is_installed():
        yield Finding("FFmpeg", "good", f"reads {others}")
    else:
        yield Finding("FFmpeg", "missing", f"for {others}; to install: {pyav.INSTALL}")


def _models() -> Iterator[Finding]:
    from harness.models.registry import EMBEDDED, embedded_models

    there = embedded_models()
    if lacking := [name for name in EMBEDDED if name not in there]:
        how = "pip install -c constraints.txt -e '.[sample]'"
        yield Finding("models", "missing", f"{', '.join(lacking)}; to install: {how}")
    else:
        yield Finding("models", "good", f"{', '.join(there)} (embedded; they need no hub)")


def _hub() -> Iterator[Finding]:
    """One question to the hub, with a short patience; a token is checked, never shown."""
    from huggingface_hub import HfApi, constants, get_token

    # The library reads the variable once, when it is imported, which may have been before it was set.
    if constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        yield Finding("hub", "missing", "HF_HUB_OFFLINE is set: only what is in the cache can be used")
        return
    try:
        with urllib.request.urlopen(f"{constants.ENDPOINT}/api/models?limit=1", timeout=HUB_SECONDS):  # noqa: S310
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        yield Finding("hub", "missing", f"{constants.ENDPOINT} cannot be reached ({reason}); local copies still work")
        return
    if get_token() is None:
        yield Finding("hub", "good", "reachable; not signed in (gated sets need HF_TOKEN or `hf auth login`)")
        return
    try:
        name = HfApi().whoami()["name"]
    except Exception as error:  # noqa: BLE001 - the library raises many kinds; all mean that the token does not work
        yield Finding("hub", "missing", f"reachable, but the token is refused ({type(error).__name__})")
        return
    yield Finding("hub", "good", f"reachable, signed in as {name}")


def _disk(out: Path) -> Iterator[Finding]:
    folder = out
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("disk", "broken", f"{folder} cannot be written; give another --out")
        return
    free = shutil.disk_usage(folder).free / 2**30
    state: Literal["good", "missing"] = "good" if free >= FREE_GIB else "missing"
    yield Finding("disk", state, f"{free:.1f} GiB free for {out}")
