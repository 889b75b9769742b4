"""Every family by the command line, as a user starts it: a process each, so this takes minutes.

ASR_SLOW_TESTS=1 python -m pytest tests/harness/models/generating/test_command_line.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import soundfile

from harness.models.generating.catalog import family_of
from tests.conftest import ROOT
from tests.harness.models.generating.checkpoints import BUILDERS
from tests.harness.models.generating.clips import clips
from tests.harness.models.generating.test_every_family import truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not os.environ.get("ASR_SLOW_TESTS"), reason="loads torch once a family; ASR_SLOW_TESTS=1 runs it"
)


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_a_run_of_a_folder(family: str, tiny: Callable[[str], Path], tmp_path: Path) -> None:
    folder, declared = tiny(family), family_of(family)
    assert declared is not None
    rows, expected = [], {}
    for clip in clips():
        soundfile.write(tmp_path / f"{clip.id}.wav", clip.waveform, 16_000, subtype="FLOAT")
        rows.append({"audio": f"{clip.id}.wav", "text": "a b c", "id": clip.id, "language": clip.language})
        expected[clip.id] = truth(family, folder, clip, declared.shortest)
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    words = ["--data", str(tmp_path / "m.jsonl"), "--model", str(folder), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [
            sys.executable,
            "run_eval.py",
            *words,
            "--batch-size",
            "4",
            "--device",
            "cpu",
            "--audit-batching",
            str(len(rows)),
        ],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    (journal,) = (tmp_path / "out").glob("data_m/*/data_m.jsonl")
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert {line["id"]: line["hypothesis"] for line in lines} == expected
    run = json.loads(journal.with_name("run.json").read_text("utf-8"))
    audit = run["benchmarks"]["data_m"]["audit"]
    assert audit["utterances"] == len(rows)
    assert [audit[way]["changed"] for way in ("alone", "reversed", "one_batch")] == [0, 0, 0]
