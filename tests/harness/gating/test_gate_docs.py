"""docs/gate.md and the GitHub Action do what they say: every command of the page and step of the workflow is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.gating.policy import parse_policy

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "gate.md"


def blocks() -> list[tuple[str, int, str]]:
    """Kind, expected exit status and content of each fenced block of the page."""
    found = re.findall(r"^```(\w+)(?: exit=(\d))?\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [(kind, int(status or 0), content) for kind, status, content in found]


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as CI does, with `python` being the one that runs the tests."""
    binary = folder / "bin"
    binary.mkdir(exist_ok=True)
    python = binary / "python"
    if not python.exists():
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    variables |= {"PATH": f"{binary}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)} | environment
    command = ["bash", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that looks like the project's root to the page's commands."""
    for name in ("run_eval.py", "docs", "harness", "benchmarks", "results"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_every_command_of_the_page(project: Path) -> None:
    output = ""
    ran = 0
    for kind, status, content in blocks():
        if kind == "sh":
            done = shell(content, project)
            assert done.returncode == status, f"{content}\n{done.stdout}\n{done.stderr}"
            output = done.stdout
            ran += 1
        elif kind == "text":
            for line in content.splitlines():
                assert line in output, f"{line!r} is not in:\n{output}"
    assert ran == 8
    assert (project / "report" / "index.html").stat().st_size > 10_000
    failures = ET.parse(project / "gate.xml").getroot().get("failures")
    assert failures == "1"
    assert "❌ ASR gate: FAIL" in (project / "gate.md").read_text("utf-8")


def test_the_policy_of_the_page_is_one() -> None:
    [content] = [content for kind, _, content in blocks() if kind == "toml"]
    policy = parse_policy(tomllib.loads(content), "docs/gate.md")
    assert policy.rule("ami_ihm").margin == 0.005
    assert {name: table.margin for name, table in policy.metrics.items()} == {"ser": 1.0, "inserted_on_silence": 0.5}


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def filled(text: str, values: dict[str, str]) -> str:
    """A text with GitHub's ``${{ }}`` expressions replaced; an unknown one is an error."""
    return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda match: values[match[1]], text)


def run_workflow(project: Path) -> tuple[int, dict[str, str]]:
    """The steps of the example workflow, with the action's own steps where it uses the action."""
    job = load(ROOT / "docs" / "examples" / "asr-gate.yml")["jobs"]["gate"]
    action = load(ROOT / "action.yml")
    outputs: dict[str, str] = {}
    for step in job["steps"]:
        if step.get("name") == "Install" or str(step.get("uses", "")).startswith("actions/"):
            continue  # what GitHub's machine needs and this one has
        values = {f"steps.{key}": value for key, value in outputs.items()}
        environment = dict(job["env"])
        script, name = step.get("run"), step.get("id", "")
        if step.get("uses") == "./":
            given = {key: filled(value, values) for key, value in step["with"].items()}
            inputs = {key: given.get(key, entry.get("default", "")) for key, entry in action["inputs"].items()}
            values |= {f"inputs.{key}": value for key, value in inputs.items()} | {"github.action_path": str(ROOT)}
            [inner] = action["runs"]["steps"]
            script, name = inner["run"], inner["id"]
            environment |= {key: filled(value, values) for key, value in inner["env"].items()}
        target, summary = project / f"output-{name}", project / "summary.md"
        done = shell(str(script), project, **environment, GITHUB_OUTPUT=str(target), GITHUB_STEP_SUMMARY=str(summary))
        for line in target.read_text().splitlines() if target.exists() else ():
            key, _, value = line.partition("=")
            outputs[f"{name}.outputs.{key}"] = value
        if done.returncode:
            return done.returncode, outputs
    return 0, outputs


def test_the_workflow(project: Path) -> None:
    """Red on the damaged model, green once it is repaired."""
    example = "python docs/examples/gate_example.py example && cp example/good.jsonl example/model.jsonl && "
    run = "python run_eval.py --data example/manifest.jsonl --model transcripts:example/model.jsonl --out old --quiet"
    done = shell(example + run + " && python run_eval.py baseline save old/data_example/transcripts*", project)
    assert done.returncode == 0, done.stderr
    for transcripts, status, verdict in (("damaged", 1, "FAIL"), ("good", 0, "PASS")):
        (project / "example" / "model.jsonl").write_text((project / "example" / f"{transcripts}.jsonl").read_text())
        code, outputs = run_workflow(project)
        assert code == status
        assert (outputs["gate.outputs.verdict"], outputs["gate.outputs.status"]) == (verdict, str(status))
        assert f"ASR gate: {verdict}" in (project / "summary.md").read_text("utf-8")
        assert ET.parse(project / "asr-gate.xml").getroot().get("failures") == str(status)
        shutil.rmtree(project / "runs")
        for file in project.glob("output-*"):
            file.unlink()


def test_inputs_never_become_script(project: Path) -> None:
    action = load(ROOT / "action.yml")
    [step] = action["runs"]["steps"]
    assert "${{" not in step["run"]
    assert set(action["outputs"]) == {"verdict", "status"}
    evil = '"; touch pwned; $(touch pwned) `touch pwned`'
    environment = dict.fromkeys(step["env"], evil) | {"GATE_PYTHON": "python", "GATE_HOME": str(ROOT)}
    done = shell(step["run"], project, **environment, GITHUB_OUTPUT=str(project / "out"))
    assert done.returncode == 2
    assert "verdict=ERROR" in (project / "out").read_text()
    assert not (project / "pwned").exists()


def judged(project: Path, run: str, **others: str) -> tuple[int, str, dict[str, str]]:
    """Exit status, output and the outputs of the action's step for one input `run`."""
    [step] = load(ROOT / "action.yml")["runs"]["steps"]
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
    done = shell(step["run"], project, **environment, GITHUB_OUTPUT=str(project / "out"))
    outputs = dict(line.split("=", 1) for line in (project / "out").read_text().splitlines())
    return done.returncode, done.stdout, outputs


def test_every_line_of_the_input_is_judged(project: Path) -> None:
    words = "one two three four five six seven eight"
    for name, heard in (("good", words), ("same", words), ("bad", "one two three")):
        rows = [{"audio_filepath": f"{i % 8}-1-{i}", "text": words, "pred_text": heard} for i in range(40)]
        (project / f"MODEL_{name}_DATASET_foo.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for run, status, verdict in (
        ("same.jsonl\ngood.jsonl\n", 0, "PASS"),
        ("same.jsonl\nbad.jsonl", 1, "FAIL"),
        ("\n\nbad.jsonl\n\nsame.jsonl", 1, "FAIL"),
        ("bad.jsonl\n/nonexistent\nsame.jsonl", 2, "ERROR"),
        ("same.jsonl\n--version", 2, "ERROR"),
        ("", 2, "ERROR"),
        (" \n ", 2, "ERROR"),
    ):
        code, said, outputs = judged(project, run)
        assert (code, outputs) == (status, {"verdict": verdict, "status": str(status)}), (run, said)
        if run.startswith("same.jsonl\nbad"):
            assert "PASS" in (project / "gate.md").read_text("utf-8")
            assert "FAIL" in (project / "gate-2.md").read_text("utf-8")
    for name in ("GATE_BASELINE", "GATE_POLICY"):
        code, said, _ = judged(project, "bad.jsonl", **{name: "--help"})
        assert code in {1, 2}, f"{name} that looks like a flag is no verdict: {said}"
