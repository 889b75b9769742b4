"""A page in a real browser: Chromium, a page that is opened from the disk, and runs to make one of."""

from __future__ import annotations

import io
import json
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.cli import main
from tools.made_up import WORDS as MADE_UP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
]
HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1> <b>bold</b> javascript:alert(1)"
WORDS = MADE_UP[:14]

playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)


def until(tab: Any, condition: str) -> None:
    """Waits for a JavaScript expression to hold. (The page's policy forbids playwright's own way, which uses eval.)"""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"never became true: {condition}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def fine(url: str, address: str) -> bool:
    """Whether a request stays in the page."""
    return url in {address, "data:,"} or url.startswith("data:audio/")


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page from the disk; at the end nothing may have been complained about, requested or shown as a dialog."""
    opened: list[Any] = []
    complaints: list[str] = []

    def go(path: Path, width: int = 1280, height: int = 900) -> Any:
        tab = browser.new_page(viewport={"width": width, "height": height})
        opened.append(tab)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        address = path.resolve().as_uri()
        tab.on("request", lambda request: complaints.extend([] if fine(request.url, address) else [request.url]))
        tab.goto(address)
        tab.wait_for_selector("body[data-ready]", timeout=60_000)
        return tab

    yield go
    for tab in opened:
        assert tab.evaluate("window.pwned") is None
        tab.close()
    assert complaints == []


def tone() -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.sin(np.arange(16_000) / 20).astype(np.float32), 16_000, format="FLAC")
    return buffer.getvalue()


def write_run(folder: Path, model: str, wrong: float, seed: int) -> Path:
    """A run over two benchmarks, with audio beside it; the 9th utterance of the first is hostile, the 10th failed."""
    folder.mkdir(parents=True)
    (folder / "tone.flac").write_bytes(tone())
    draw = random.Random(7)
    err = random.Random(seed)
    facts: dict[str, Any] = {}
    for name, count in (("read", 120), ("far", 60)):
        lines: list[dict[str, Any]] = []
        for i in range(count):
            said = [draw.choice(WORDS) for _ in range(draw.randint(3, 14))]
            heard = [w for w in said if err.random() > wrong / 3]
            heard = [err.choice(WORDS) if err.random() < wrong else w for w in heard]
            line = {"id": f"{name}-{i}", "session": f"speaker-{i % 12}", "duration": len(said) * 0.5, "batch": 0}
            line |= {"reference": " ".join(said), "hypothesis": " ".join(heard), "audio": str(folder / "tone.flac")}
            lines.append(line)
        lines[8] |= {"id": HOSTILE, "reference": HOSTILE, "hypothesis": HOSTILE + " more"}
        if name == "read" and seed == 2:
            del lines[9]["hypothesis"]
            lines[9]["error"] = HOSTILE
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        phases = {"decode": 1.0, "features": 2.0, "transfer": 0.5, "model": 9.0 * seed, "text": 0.3, "untracked": 0.1}
        speed = {"rtfx": 30.0 / seed, "rtfx_end_to_end": 20.0, "seconds_heard": 300.0, "seconds_counted": 10.0 * seed}
        facts[name] = {"language": "en", "expected": count, "done": count, "failed": 0}
        facts[name]["speed"] = speed | {"seconds_wall": 15.0, "phases": phases}
    record = {
        "suite": "demo@1", "profile": "verbatim", "complete": True, "model": {"id": model, "parameters": 39_000_000},
        "settings": {"on_error": "score-empty"}, "environment": {"hardware": {"cpu": "Abacus", "cores": 2}},
        "benchmarks": facts,
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("page")
    runs = [
        write_run(where / "a", "org/careful-model", 0.05, 1),
        write_run(where / "b", "org/hasty-model", 0.15, 2),
        write_run(where / "c", HOSTILE, 0.3, 3),
    ]
    assert main(["report", *map(str, runs), "--out", str(where / "report"), "--audio-mb", "0.2"]) == 0
    return where / "report" / "index.html"


def report_of(where: Path, files: dict[str, list[tuple[str, str]]], *flags: str) -> Path:
    """The page over predictions: reference and hypothesis of each utterance, by model and benchmark."""
    folder = where / "predictions"
    folder.mkdir(exist_ok=True)
    for name, pairs in files.items():
        model, _, benchmark = name.partition(" ")
        lines = [{"text": reference, "pred_text": hypothesis} for reference, hypothesis in pairs]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"MODEL_{model}_DATASET_{benchmark}.jsonl").write_text(text, encoding="utf-8")
    assert main(["report", str(folder), "--out", str(where / "r"), "--profile", "leaderboard@2026-08", *flags]) == 0
    return where / "r" / "index.html"


def marked(line: Any, kind: str) -> list[str]:
    found: list[str] = line.locator(kind).all_text_contents()
    return found


def run_of(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A run folder of ours over one benchmark: reference and hypothesis of each utterance."""
    folder.mkdir(parents=True)
    lines = [
        {"id": f"u{n}", "reference": said, "hypothesis": heard, "duration": 2.0} for n, (said, heard) in enumerate(rows)
    ]
    (folder / "clips.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    facts = {"clips": {"language": "en", "expected": len(rows), "done": len(rows), "failed": 0}}
    record = {"suite": "demo@1", "profile": "card@2026-04", "complete": True, "model": {"id": folder.name}}
    (folder / "run.json").write_text(json.dumps(record | {"benchmarks": facts}))
    return folder
