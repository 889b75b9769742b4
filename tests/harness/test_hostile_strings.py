"""Hostile strings through every command: what is written is opened as people open it, and is nothing but text."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.harness.hostile import (
    STRINGS,
    check_commands,
    check_csv,
    check_latex,
    check_markdown,
    check_terminal,
    check_xlsx,
    check_xml,
)
from tests.harness.reporting.in_browser import browser, needs_chromium, visit
from tests.harness.runner.tones import tone

__all__ = ["browser", "visit"]

NAMES = ("=1+1 <img src=x onerror=window.pwned=1> [a](http:evil.example.com) 5% #1_x^2", "@b ::error::x `y` | $z$")
"""What two runs are called by flags, which refuse slashes and controls."""
EDITED = (
    "+1</script><script>window.pwned=1</script>\x1b]0;pwned\x07",
    "=2\n::error::x\u202e ##[add-mask]y www.evil.example.com",
)
"""What somebody wrote into their run.json then."""
UNREADABLE = {"null", "half"}
"""Strings that no file's name, and no argument, can have."""


class World:
    """Two runs on data whose every text is hostile, and all that the commands made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: dict[str, tuple[int, str, str]] = {}
        """Status, standard output and standard error by command."""
        data = folder / "data"
        rows, one, two, odd = [], [], [], []
        for number, (kind, text) in enumerate(STRINGS.items()):
            odd.append({"id": f"{number}", "text": f"alpha {text}", "pred_text": f"{text} beta"})
            if kind in UNREADABLE:  # refused in data of one's own, and scored in what others wrote
                continue
            name = f"{text}{number}"
            audio = tone(data / f"{number}.wav", number % 10)
            spoken = f"alpha {text} beta"
            tags = {"speaker": text, "accent": text}
            rows.append({"audio": str(audio), "id": name, "text": spoken, "language": "en", **tags})
            one.append({"id": name, "pred_text": f"alpha {text}"})
            two.append({"id": name, "pred_text": f"{text} gamma beta"})
        (data / "calls.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (data / "one.jsonl").write_text("".join(json.dumps(row) + "\n" for row in one))
        (data / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in two[:-3]))  # some fail
        corrected = [{**row, "text": f"{row['text']} delta"} for row in rows]
        (data / "corrected.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corrected))
        (data / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in odd))
        self.data = data

    def go(self, *words: str, stdin: str = "") -> None:
        """A command, in a terminal of its own."""
        kept = sys.stdin, sys.stdout, sys.stderr
        typed = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        sys.stdin, out, errors = typed, io.StringIO(), io.StringIO()
        sys.stdout, sys.stderr = out, errors
        try:
            status = int(main([*words]))
        finally:
            sys.stdin, sys.stdout, sys.stderr = kept
        self.said[" ".join(words)] = status, out.getvalue(), errors.getvalue()

    def files(self, *suffixes: str) -> list[Path]:
        """What was written, with these endings."""
        made = [path for path in sorted(self.folder.rglob("*")) if self.data not in path.parents]
        return [path for path in made if path.is_file() and path.suffix in suffixes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    here = World(tmp_path_factory.mktemp("hostile"))
    out, data = here.folder / "out", str(here.data / "calls.jsonl")
    for name, said in zip(NAMES, ("one", "two"), strict=True):
        command = [
            "--data",
            data,
            "--model",
            f"transcripts:{here.data / said}.jsonl",
            "--out",
            str(out),
            "--name",
            name,
        ]
        here.go(*command, "--log", "tensorboard")
    runs = sorted(str(path.parent) for path in out.rglob("run.json"))
    assert len(runs) == 2, here.said
    for run, text in zip(runs, EDITED, strict=True):
        path = Path(run, "run.json")
        record = json.loads(path.read_bytes())
        record |= {"name": text, "started": text, "version": text}
        record["model"] |= {"id": text, "note": text, "license": text, "revision": text}
        record["stretches"].append({"since": text, "version": text, "differs": [text], "mixed": [text]})
        record["environment"]["hardware"]["cpu"] = text
        (entry,) = record["benchmarks"].values()
        entry |= {"source": text, "license": text, "revision": text, "drift": [text]}
        path.write_text(json.dumps(record))
    made = here.folder / "made"
    made.mkdir()
    here.go("report", *runs, "--out", str(made / "report"), "--slice", "accent", "--audio", "copy", "--pdf")
    here.go("score", *runs, "--details", "--slice", "accent")
    here.go("score", runs[0], "--json", "--alignments", str(made / "alignments.txt"))
    for suffix in ("csv", "jsonl"):
        here.go("score", runs[0], "--per-utterance", str(made / f"each.{suffix}"))
    here.go("score", str(here.data / "odd.jsonl"), "--details")
    here.go("report", str(here.data / "odd.jsonl"), "--out", str(made / "odd"))
    here.go("compare", *runs, "--slice", "accent")
    here.go("compare", *runs, "--json", "--trn", str(made / "trn"))
    gate = ["gate", runs[1], "--baseline", runs[0], "--slice", "accent"]
    here.go(*gate, "--junit", str(made / "gate.xml"), "--markdown", str(made / "gate.md"), "--page", str(made / "gate"))
    here.go(*gate, "--github")
    here.go(*gate, "--json")
    here.go("explain", *runs)
    texts = "\n".join(STRINGS.values()).replace("\ud800", "")
    with pytest.MonkeyPatch.context() as runner:  # elsewhere it is data that a program reads
        runner.setenv("GITHUB_ACTIONS", "true")
        for profile in ("verbatim", "leaderboard@2026-10"):
            here.go("normalize", "--profile", profile, stdin=texts)
    here.go("fitting", runs[0], "--corrected", str(here.data / "corrected.jsonl"))
    here.go("runs", "--out", str(out))
    here.go("runs", "--out", str(out), "--json")
    here.go("data", "describe", data)
    here.go("data", "check", data, "--systems", *runs, "--out", str(made / "check"))
    here.go("data", "convert", data, "--to", "manifest", "--out", str(made / "converted.jsonl"))
    here.go("baseline", "save", runs[0], "--out", str(made / "baselines"))
    for name, text in STRINGS.items():
        if name not in UNREADABLE:
            here.go("score", text)
            here.go("gate", "--policy", f"./{text}", runs[0])
            here.go("--suite", text, "--model", text)
            here.go("report", f"/nowhere/{text}", "--out", text[:1])
    return here


def test_every_command_was_done_or_refused_in_a_line(world: World) -> None:
    internal = {
        words: said for words, said in world.said.items() if "internal error" in said[2] or said[0] not in range(6)
    }
    assert internal == {}
    first = [said[0] for words, said in world.said.items() if "--log" in words]
    assert first == [0, 5]
    assert {words.split()[0] for words, said in world.said.items() if said[0] in {0, 1, 3}} >= {
        "report", "score", "compare", "gate", "explain", "normalize", "fitting", "runs", "data"
    }  # fmt: skip


def test_a_terminal_shows_it_and_does_nothing(world: World) -> None:
    for status, out, errors in world.said.values():
        check_terminal(errors)
        if not out.startswith(("{", "[")):
            check_terminal(out)
        assert status == 0 or errors or out


def test_no_runner_is_commanded(world: World) -> None:
    for words, (_, out, errors) in world.said.items():
        check_commands(errors)
        if "--github" not in words:  # there the first line is ours
            check_commands(out)


def test_normalized_texts_are_data_for_programs(world: World) -> None:
    """And what they are for a person, or the log of a runner, is seen above."""
    before = set(world.said)
    world.go("normalize", "--profile", "verbatim", "--language", "en", stdin="\x1b[31m\n::error::x\n")
    (words,) = set(world.said) - before
    assert world.said.pop(words) == (0, "\x1b[31m\n::error::x\n", "")


def test_json_is_json(world: World) -> None:
    for path in world.files(".json"):
        json.loads(path.read_bytes())
    for words, (status, out, _) in world.said.items():
        if "--json" in words and status in {0, 1}:
            check_terminal(out)
            json.loads(out)


def test_spreadsheets_hold_texts_and_numbers(world: World) -> None:
    tables = world.files(".csv", ".tsv")
    assert len(tables) >= 4
    for path in tables:
        check_csv(path)
    books = world.files(".xlsx")
    assert books
    for path in books:
        check_xlsx(path)


def test_markdown_makes_nothing_of_it(world: World) -> None:
    written = world.files(".md")
    assert len(written) >= 4
    for path in written:
        check_markdown(path.read_text())


def test_svg_and_junit_are_well_formed_and_quiet(world: World) -> None:
    written = world.files(".svg", ".xml")
    assert len(written) >= 4
    for path in written:
        check_xml(path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here (Debian: texlive-latex-base)")
def test_latex_sets_it(world: World, tmp_path: Path) -> None:
    written = world.files(".tex")
    assert len(written) >= 4
    check_latex(written, tmp_path / "tex")


@needs_chromium
def test_a_browser_runs_nothing_and_asks_for_nothing(world: World, visit: Any) -> None:
    pages = [path for path in world.files(".html") if path.name == "index.html"]
    assert len(pages) >= 4  # two reports, the gate's, the data's
    for path in pages:
        visit(path)


@needs_chromium
def test_a_browser_shows_tables_and_plots_and_no_more(world: World, browser: Any) -> None:
    done: list[str] = []
    tab = browser.new_page()
    tab.on("dialog", lambda dialog: done.append(dialog.message))
    tab.on("request", lambda request: done.extend([] if request.url.startswith("file:///tmp/") else [request.url]))
    files = [path for path in world.files(".html", ".svg") if path.name != "index.html"]
    assert {path.suffix for path in files} == {".html", ".svg"}
    for path in files:
        tab.goto(path.resolve().as_uri())
        assert tab.evaluate("window.pwned") is None
        assert tab.evaluate("document.querySelectorAll('script, iframe, object, embed, base, [onload], a').length") == 0
    tab.close()
    assert done == []
