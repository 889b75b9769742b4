"""The GitHub Action, executed step by step in somebody else's repository; and GitLab's jobs likewise."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

Step = dict[str, Any]
EXAMPLES = ROOT / "docs" / "examples"


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


ACTION = load(ROOT / "action.yml")
STEPS: list[Step] = ACTION["runs"]["steps"]
GATE = next(step for step in STEPS if step.get("id") == "gate")


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as GitHub does; `python` on the path is the one that runs the tests, with this checkout."""
    binary = folder / "bin"
    binary.mkdir(exist_ok=True)
    if not (binary / "python").exists():
        (binary / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (binary / "python").chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PYTHON"))}
    variables |= {"PATH": f"{binary}:{os.environ['PATH']}"} | environment
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


class Runner:
    """As much of GitHub's runner as the action needs: expressions, outputs, conditions, what other actions would do."""

    def __init__(
        self, folder: Path, home: Path, inputs: dict[str, str], *, pull_request: str = "", path: str = ""
    ) -> None:
        unknown = inputs.keys() - ACTION["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        self.folder, self.path = folder, path
        self.values = {f"inputs.{name}": str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        self.values |= {f"inputs.{name}": value for name, value in inputs.items()}
        self.values["inputs.token"] = "secret"
        self.values |= {"github.action_path": str(home), "runner.os": "Linux"}
        self.values |= {"github.event.pull_request.number": pull_request}
        self.said, self.artifacts, self.keys = "", list[str](), list[str]()
        self.temporary = folder / "runner-temp"
        self.temporary.mkdir(exist_ok=True)

    def _value(self, expression: str) -> str:
        for part in map(str.strip, expression.split("||")):
            if part.startswith("hashFiles("):
                return "0" * 64
            assert part in self.values or part.startswith("steps."), f"an expression that nobody knows: {part}"
            if self.values.get(part):
                return self.values[part]
        return ""

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: self._value(found[1]), text)

    def _wanted(self, condition: str, *, failed: bool) -> bool:
        parts = [part.strip() for part in condition.split("&&")] if condition else []
        if failed and "always()" not in parts:
            return False
        for part in (one for one in parts if one != "always()"):
            left, sign, right = part.split(" ")
            if (self._value(left) == right.strip("'")) != (sign == "=="):
                return False
        return True

    def run(self) -> int:
        """The steps in turn; the status of the first that failed."""
        status = 0
        for step in STEPS:
            if not self._wanted(step.get("if", ""), failed=status != 0):
                continue
            if "uses" in step:
                self._uses(step)
                continue
            target = self.temporary / "output"
            target.write_text("")
            environment = {name: self.filled(value) for name, value in step["env"].items()}
            environment |= {"GITHUB_OUTPUT": str(target), "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md")}
            environment |= {"GITHUB_REPOSITORY": "o/r", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "7"}
            environment |= {"RUNNER_TEMP": str(self.temporary)} | ({"PATH": self.path} if self.path else {})
            assert ("secret" in environment.values()) == (step["id"] == "comment"), "the token is for one step"
            done = shell(step["run"], self.folder, **environment)
            self.said += done.stdout + done.stderr
            for line in target.read_text().splitlines():
                key, _, value = line.partition("=")
                self.values[f"steps.{step['id']}.outputs.{key}"] = value
            status = status or done.returncode
        return status

    def _uses(self, step: Step) -> None:
        given = {name: self.filled(str(value)) for name, value in step.get("with", {}).items()}
        if "upload-artifact" in step["uses"]:
            self.artifacts = [name for name in given["path"].split() if (self.folder / name).exists()]
        elif "actions/cache" in step["uses"]:
            self.keys.append(given["key"])

    @property
    def verdict(self) -> str:
        return self.values["steps.gate.outputs.verdict"]


GH = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
assert os.environ["GH_TOKEN"] == "secret"
path = os.path.join(os.environ["RUNNER_TEMP"], "comments.json")
comments = json.load(open(path)) if os.path.exists(path) else []
if "--jq" in words:
    begins = words[words.index("--jq") + 1].split('startswith("')[1].split('")')[0]
    print(*[one["id"] for one in comments if one["bot"] and one["body"].startswith(begins)], sep="\\n")
else:
    body = open(words[-1].removeprefix("body=@")).read()
    if "PATCH" in words:
        (found,) = [one for one in comments if words[words.index("PATCH") + 1].endswith("/%d" % one["id"])]
        found["body"] = body
    else:
        comments.append({"id": 10 + len(comments), "bot": True, "body": body})
    json.dump(comments, open(path, "w"))
"""


@pytest.fixture
def foreign(installed: Path, tmp_path: Path) -> tuple[Path, Path]:
    """An empty repository with data, a model and its baseline; and the action's files, without its packages."""
    folder, home = tmp_path / "foreign", tmp_path / "action"
    folder.mkdir()
    home.mkdir()
    for name in ("run_eval.py", "constraints.txt"):
        shutil.copy(ROOT / name, home)
    subprocess.run([installed / "python", EXAMPLES / "gate_example.py", "example"], cwd=folder, check=True)
    shutil.copy(folder / "example" / "good.jsonl", folder / "example" / "model.jsonl")
    run: list[str | Path] = [installed / "run-eval", "--data", "example/manifest.jsonl"]
    run += ["--model", "transcripts:example/model.jsonl"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([*run, "--out", "old", "--quiet"], cwd=folder, check=True, capture_output=True, env=environment)
    (old,) = (folder / "old").glob("*/transcripts*")
    save: list[str | Path] = [installed / "run-eval", "baseline", "save", old]
    subprocess.run(save, cwd=folder, check=True, capture_output=True, env=environment)
    binary = folder / "bin"
    binary.mkdir()
    (binary / "gh").write_text(GH)
    (binary / "gh").chmod(0o755)
    return folder, home


def improved(folder: Path) -> str:
    """Transcripts without an error."""
    rows = [json.loads(line) for line in (folder / "example" / "manifest.jsonl").read_text().splitlines()]
    return "".join(json.dumps({"id": row["id"], "hypothesis": row["text"]}) + "\n" for row in rows)


def test_in_a_foreign_repository(foreign: tuple[Path, Path], installed: Path) -> None:
    """Red on a damaged model, with the page as an artifact; green on an improved one; one comment for both."""
    folder, home = foreign
    inputs = {
        "data": "example/manifest.jsonl",
        "models": "transcripts:example/model.jsonl\n",
        "python": str(installed / "python"),
        "comment": "true",
        "cache-key": "abc",
    }
    people = {"id": 3, "bot": False, "body": "<!-- asr-gate --> mine"}
    (folder / "runner-temp").mkdir()
    (folder / "runner-temp" / "comments.json").write_text(json.dumps([people]))
    damaged = (folder / "example" / "damaged.jsonl").read_text()
    for text, status, verdict in ((damaged, 1, "FAIL"), (improved(folder), 0, "PASS")):
        (folder / "example" / "model.jsonl").write_text(text)
        runner = Runner(folder, home, inputs, pull_request="12")
        assert runner.run() == status, runner.said
        assert runner.verdict == verdict
        assert runner.values["steps.gate.outputs.status"] == str(status)
        assert runner.artifacts == ["asr-gate-page", "asr-gate.xml", "asr-gate.md"]
        assert (folder / "asr-gate-page" / "index.html").stat().st_size > 10_000
        assert ET.parse(folder / "asr-gate.xml").getroot().get("failures") == str(status)
        assert f"ASR gate: {verdict}" in (folder / "summary.md").read_text("utf-8")
        comments = json.loads((folder / "runner-temp" / "comments.json").read_text())
        assert len(comments) == 2, "one comment, brought up to date"
        assert comments[0] == people
        assert comments[1]["body"].startswith("<!-- asr-gate -->\n### ")
        assert f"ASR gate: {verdict}" in comments[1]["body"]
        assert "(https://github.com/o/r/actions/runs/7#artifacts)" in comments[1]["body"]
        assert runner.keys == ["asr-models-Linux-abc", f"asr-runs-Linux--{'0' * 64}--abc"]
        shutil.rmtree(folder / "asr-gate-runs")  # other weights have another cache


def test_gitlab(foreign: tuple[Path, Path], installed: Path) -> None:
    """The scripts of the example's job, but for what installs the harness."""
    folder, _ = foreign
    job = load(EXAMPLES / "gitlab-ci.yml")["asr-gate"]
    shutil.copy(folder / "example" / "damaged.jsonl", folder / "example" / "model.jsonl")
    given = {name: job["variables"][name] for name in ("DATA", "MODEL")} | {"CI_JOB_URL": "https://gitlab.example/j/1"}
    path = f"{installed}:{os.environ['PATH']}"
    assert [shell(line, folder, PATH=path, **given).returncode for line in job["script"]] == [0, 1]
    assert ET.parse(folder / job["artifacts"]["reports"]["junit"]).getroot().get("failures") == "1"
    assert all((folder / name).exists() for name in job["artifacts"]["paths"])
    assert (
        "(https://gitlab.example/j/1/artifacts/file/asr-gate-page/index.html)" in (folder / "asr-gate.md").read_text()
    )


def test_what_is_installed(tmp_path: Path) -> None:
    """The harness of the action's own checkout, with the tested versions; nothing where a Python is given."""
    (tmp_path / "constraints.txt").write_text("numpy==2\ntorch==2.13.0\n")
    log = tmp_path / "log"
    inner = f'#!/bin/sh\\necho "$@" >> {log}\\n'
    stub = f"""#!/bin/sh\nmkdir -p "$3/bin"\nprintf '%b' '{inner}' > "$3/bin/python"\nchmod +x "$3/bin/python"\n"""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(stub)
    (tmp_path / "bin" / "python").chmod(0o755)
    step = next(one for one in STEPS if one.get("id") == "install")
    given = {"GATE_PYTHON": "", "GATE_PACKAGE": "", "GATE_EXTRAS": "sample,audio", "GATE_HOME": str(tmp_path)}
    given |= {"RUNNER_TEMP": str(tmp_path / "t"), "GITHUB_OUTPUT": str(tmp_path / "out")}
    done = shell(step["run"], tmp_path, **given)
    assert done.returncode == 0, done.stderr
    torch, harness = log.read_text().splitlines()
    assert torch.endswith("--no-deps --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0")
    assert harness == f"-m pip install --quiet -c {tmp_path}/constraints.txt {tmp_path}[sample,audio]"
    assert (tmp_path / "out").read_text() == f"python={tmp_path}/t/asr-gate/bin/python\n"
    done = shell(step["run"], tmp_path, **given | {"GATE_PYTHON": "mine"})
    assert (tmp_path / "out").read_text().endswith("python=mine\n")
    assert len(log.read_text().splitlines()) == 2
    assert "torch==" in (ROOT / "constraints.txt").read_text()


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({}, "exactly one of the inputs run, suite and data, not 0 of them"),
        ({"run": "a", "suite": "b"}, "exactly one of the inputs run, suite and data, not 2 of them"),
        ({"run": " \n"}, "exactly one of the inputs run, suite and data, not 0 of them"),
        ({"suite": "b"}, "the input models names no model to run"),
        ({"suite": "b", "models": "m", "out": ""}, "the input out names no folder"),
        ({"suite": "b", "models": "m", "out": "a b"}, "the input out is a folder without spaces"),
        ({"run": "a", "limit": "0"}, "the input limit is a number"),
        ({"run": "a", "limit": "-1"}, "the input limit is a number"),
        ({"run": "a", "early": "yes"}, "the input early is true or false"),
        ({"run": "a", "comment": "True"}, "the input comment is true or false"),
        ({"run": "a", "extras": "x] evil"}, "the input extras is a list of extras"),
    ],
)
def test_inputs_are_checked(tmp_path: Path, inputs: dict[str, str], why: str) -> None:
    runner = Runner(tmp_path, ROOT, {"python": "python"} | inputs)
    assert runner.run() == 2
    assert f"::error title=ASR gate::{'' if why[0] != 'e' else 'say what to judge: '}{why}" in runner.said


@pytest.mark.parametrize("path", [ROOT / "action.yml", *sorted(EXAMPLES.glob("*.yml"))], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        used = re.search(r"uses: (\S+)(.*)", line)
        if used and not used[1].startswith("OWNER/asr-harness@COMMIT"):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", used[1]), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", used[2]), f"which version that is: {line}"


def test_the_example_workflow_gives_inputs_that_there_are() -> None:
    job = load(EXAMPLES / "asr-gate.yml")["jobs"]["gate"]
    (step,) = [one for one in job["steps"] if "asr-harness" in one["uses"]]
    assert step["with"].keys() <= ACTION["inputs"].keys()
    names = {name for row in job["strategy"]["matrix"]["include"] for name in row}
    assert set(re.findall(r"matrix\.(\w+)", json.dumps(step["with"]))) == names


def test_inputs_never_become_script(tmp_path: Path) -> None:
    assert set(ACTION["outputs"]) == {"verdict", "status"}
    evil = '"; touch pwned; $(touch pwned) `touch pwned`'
    for step in (one for one in STEPS if "run" in one):
        assert "${{" not in step["run"]
        environment = dict.fromkeys(step["env"], evil) | {"GITHUB_OUTPUT": str(tmp_path / "out")}
        environment |= {"GATE_PYTHON": "python", "GATE_HOME": str(ROOT), "RUNNER_TEMP": str(tmp_path)}
        environment |= {"GITHUB_REPOSITORY": evil}
        done = shell(step["run"], tmp_path, **environment)
        assert done.returncode in ({0} if step["id"] in {"install", "comment"} else {1, 2}), step["id"]
    assert "verdict=ERROR" in (tmp_path / "out").read_text()
    assert not list(tmp_path.rglob("pwned"))


def judged(project: Path, run: str, **others: str) -> tuple[int, str, dict[str, str]]:
    """Exit status, output and the outputs of the gate's step for one input `run`."""
    (project / "out").unlink(missing_ok=True)
    environment = {
        "GATE_POLICY": "",
        "GATE_JUNIT": "gate.xml",
        "GATE_MARKDOWN": "gate.md",
        "GATE_BASELINE": "MODEL_good_DATASET_foo.jsonl",
    }
    environment |= {
        "GATE_PYTHON": "python",
        "GATE_HOME": str(ROOT),
        "GATE_RUN": re.sub(r"(\w+)\.jsonl", r"MODEL_\1_DATASET_foo.jsonl", run),
    } | others
    done = shell(GATE["run"], project, **environment, GITHUB_OUTPUT=str(project / "out"))
    outputs = dict(line.split("=", 1) for line in (project / "out").read_text().splitlines())
    return done.returncode, done.stdout, outputs


def test_what_further_lines_make_is_in_the_artifact(tmp_path: Path) -> None:
    runner = Runner(tmp_path, ROOT, {"run": "a\nb"})
    check = next(one for one in STEPS if one.get("id") == "check")
    upload = next(one for one in STEPS if "upload-artifact" in one.get("uses", ""))
    environment = {name: runner.filled(value) for name, value in check["env"].items()}
    assert shell(check["run"], tmp_path, **environment, GITHUB_OUTPUT=str(tmp_path / "out")).returncode == 0
    for line in (tmp_path / "out").read_text().splitlines():
        name, _, value = line.partition("=")
        runner.values[f"steps.check.outputs.{name}"] = value
    names = ["asr-gate-page", "asr-gate.xml", "asr-gate.md", "asr-gate-page-2", "asr-gate-2.xml", "asr-gate-12.md"]
    for name in (*names, "asr-gate-runs", "asr-gate-own.xml"):
        (tmp_path / name).touch()
    given = runner.filled(upload["with"]["path"]).split()
    assert [path.name for one in given for path in tmp_path.glob(one)] == names


def test_every_line_of_the_input_is_judged(tmp_path: Path) -> None:
    words = "one two three four five six seven eight"
    for name, heard in (("good", words), ("same", words), ("bad", "one two three")):
        rows = [{"audio_filepath": f"{i % 8}-1-{i}", "text": words, "pred_text": heard} for i in range(40)]
        (tmp_path / f"MODEL_{name}_DATASET_foo.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for run, status, verdict in (
        ("same.jsonl\ngood.jsonl\n", 0, "PASS"),
        ("same.jsonl\nbad.jsonl", 1, "FAIL"),
        ("\n\nbad.jsonl\n\nsame.jsonl", 1, "FAIL"),
        ("bad.jsonl\n/nonexistent\nsame.jsonl", 2, "ERROR"),
        ("same.jsonl\n--version", 2, "ERROR"),
        ("", 2, "ERROR"),
        (" \n ", 2, "ERROR"),
    ):
        code, said, outputs = judged(tmp_path, run)
        assert (code, outputs) == (status, {"verdict": verdict, "status": str(status)}), (run, said)
        if run.startswith("same.jsonl\nbad"):
            assert "PASS" in (tmp_path / "gate.md").read_text("utf-8")
            assert "FAIL" in (tmp_path / "gate-2.md").read_text("utf-8")
    for name in ("GATE_BASELINE", "GATE_POLICY"):
        code, said, _ = judged(tmp_path, "bad.jsonl", **{name: "--help"})
        assert code in {1, 2}, f"{name} that looks like a flag is no verdict: {said}"


@pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="a minute; ASR_SLOW_TESTS=1 runs it")
@pytest.mark.timeout(1800)
def test_the_release_engineer_s_journey(installed: Path) -> None:
    journey = [ROOT / "tests" / "journeys" / "release.sh", installed]
    done = subprocess.run(journey, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["10 steps, as docs/gate.md says", "release: done"]
