"""What a run was made with: packages, code, machine. Facts only; one that cannot be found is None."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from msgspec.structs import replace

from harness import devices
from harness.records.run import Environment, Hardware
from harness.records.speed import PeakMemory
from harness.secret_values import without
from harness.version import IN_CHECKOUT, ROOT

PACKAGES = (
    "av",
    "ctranslate2",
    "datasets",
    "faster-whisper",
    "flash-attn",
    "hama",
    "huggingface_hub",
    "jiwer",
    "kaldialign",
    "mlx-whisper",
    "moonshine-voice",
    "nemo-toolkit",
    "num2words",
    "numpy",
    "onnx-asr",
    "onnxruntime",
    "pocketsphinx",
    "pywhispercpp",
    "sherpa-onnx",
    "soundfile",
    "soxr",
    "tokenizers",
    "torch",
    "transcribe-cpp",
    "transformers",
    "triton",
    "whisper-normalizer",
)
"""Packages whose version can change a transcript or a score."""


def describe() -> Environment:
    """The environment of this process, for run.json."""
    commit, dirty = code()
    return Environment(
        python=platform.python_version(),
        packages=packages(),
        commit=commit,
        dirty=dirty,
        hardware=hardware(),
        system=platform.platform(),
    )


def packages() -> dict[str, str]:
    """Versions of the installed packages that matter."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def code() -> tuple[str | None, bool | None]:
    """Commit of this project, and whether files were changed since; None where this is no checkout of its own.

    An installed copy may lie inside somebody's repository (a virtual environment does), and so may a copy of our tree
    that was put there: what git says there is about that repository and not about us. Then the version is all we know.
    """
    place = (_git("rev-parse", "--show-toplevel", "HEAD") or "").splitlines() if IN_CHECKOUT else []
    ours = len(place) == 2 and Path(place[0]).resolve() == ROOT and _git("ls-files", "--error-unmatch", __file__)
    changes = _git("status", "--porcelain", "--untracked-files=no") if ours else None
    return place[1] if ours else None, None if changes is None else bool(changes)


def _git(*arguments: str) -> str | None:
    """What git prints about our folder; None where it cannot say."""
    # In a hook of some repository git's own variables name that repository, wherever we ask.
    environment = {name: value for name, value in without(os.environ).items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            # Asked how things are, it would write down what it found, and on a full disk leave its lock behind.
            ["git", "--no-optional-locks", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def cpu_name() -> str | None:
    """The processor's own name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def memory_gib() -> float | None:
    """Memory of the machine."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):  # not on Windows
        return None


def begin_peak() -> None:
    """Begins anew with the most memory that was held, as far as the system lets (Linux) and torch counts (CUDA)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    devices.begin_peak()


def _peak_of_host() -> float | None:
    """GiB; since `begin_peak` on Linux, elsewhere since the process began."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**20
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    scale = 2**30 if sys.platform == "darwin" else 2**20  # getrusage counts bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def peak_memory() -> PeakMemory:
    """The most memory that this process held at a time since `begin_peak`, where the system says it."""
    held_here = _peak_of_host()
    host = None if held_here is None else round(held_here, 3)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        held = max(torch.cuda.max_memory_allocated(place) for place in range(torch.cuda.device_count()))
        return PeakMemory(host_gib=host, device_gib=round(held / 2**30, 3))
    if torch is not None and torch.backends.mps.is_available():  # it counts no peak, but keeps what it once took
        return PeakMemory(host_gib=host, device_gib=round(torch.mps.driver_allocated_memory() / 2**30, 3))
    return PeakMemory(host_gib=host)


def hardware() -> Hardware:
    """This machine. Accelerators are stated where torch is loaded already: loading it for this is not worth it."""
    known = Hardware(cpu=cpu_name(), cores=os.cpu_count(), memory_gib=memory_gib())
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        place = torch.cuda.current_device()  # the one that --device cuda:N names
        return replace(
            known,
            accelerator=torch.cuda.get_device_name(place),
            accelerators=torch.cuda.device_count(),
            accelerator_memory_gib=round(torch.cuda.get_device_properties(place).total_memory / 2**30, 1),
            cuda=torch.version.cuda,
        )
    if torch is not None and torch.backends.mps.is_available():
        shared = round(torch.mps.recommended_max_memory() / 2**30, 1)
        return replace(known, accelerator="Apple GPU (mps)", accelerators=1, accelerator_memory_gib=shared)
    return known
