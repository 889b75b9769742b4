"""`launch`: the scripts, and what they do with stand-ins of `sbatch` and `hf` that run the jobs here."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_dataset
from harness.cli import main
from harness.commands import launch
from harness.records.journal import encode_lines, read_journal
from harness.version import COMMAND

RUN = ["--suite", "digits", "--model", "transcripts:said.jsonl", "--batch-size", "4", "--limit", "20", "--quiet"]

SBATCH = """#!/bin/sh
echo "sbatch $*" >> "$CALLS"
for word; do
  case $word in
    --wrap=*) wrap=${word#--wrap=} ;;
    --array=1-*) last=${word#--array=1-} ;;
  esac
done
if [ -n "${last:-}" ]; then
  for task in $(seq 1 "$last"); do
    [ "$task" = "${LOST:-}" ] || SLURM_ARRAY_TASK_ID=$task sh -c "$wrap" >&2
  done
else
  sh -c "$wrap" >&2
fi
echo "42;cluster"
"""

HF = """#!/bin/sh
echo "hf $*" >> "$CALLS"
case "$1 $2" in
  "jobs run")
    for word; do
      case $word in SHARD=*) SHARD=${word#SHARD=} ;; esac
      command=$word
    done
    export SHARD
    command=$(printf %s "$command" | sed "s#/tmp/runs#$PLACE/job$SHARD#g")
    command=$(printf %s "$command" | sed "s# /runs\\([ ;]\\)# $PLACE/bucket\\1#g")
    [ "$SHARD" = "${LOST:-}" ] || sh -c "$command" >&2
    echo "job$SHARD" ;;
  "buckets sync") mkdir -p "$4" && cp -R "$PLACE/bucket/." "$4/" ;;
esac
"""


def stub(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with transcripts, in which the jobs run, and stand-ins on the path."""
    said = [{"id": one.id, "hypothesis": f"one {one.id}"} for one in open_dataset(get_dataset("digits"), Request())]
    (tmp_path / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in said))
    for name in ("bin", "bucket"):
        (tmp_path / name).mkdir()
    stub(tmp_path / "bin" / "sbatch", SBATCH)
    stub(tmp_path / "bin" / "hf", HF)
    program = shlex.join([sys.executable, str(root / "run_eval.py")])
    stub(tmp_path / "bin" / COMMAND, f'#!/bin/sh\nexec {program} "$@"\n')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(out: Path) -> tuple[bytes, list[bytes]]:
    """scores.json without what stands under `speed`, and the journal's lines without batch and time."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(item) for key, item in value.items() if key != "speed"}
        return [cut(item) for item in value] if isinstance(value, list) else value

    (scores,) = out.glob("digits/*/scores.json")
    lines = read_journal(scores.with_name("digits.jsonl")).lines
    untimed = [encode_lines([structs.replace(one, batch=None, time=None, undisturbed=None)]) for one in lines]
    return json.dumps(cut(json.loads(scores.read_bytes()))).encode(), sorted(untimed)


def test_slurm_with_a_job_that_is_lost_and_a_part_from_elsewhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*RUN, "--out", "one"]) == 0
    monkeypatch.setenv("LOST", "2")
    assert main([*RUN, "--out", "many", "--shard", "3/3"]) == 0  # a part of another source, made before
    command = ["launch", "--on", "slurm", "--shards", "2", "--job-option=--gres=gpu:1", "--submit", "--"]
    assert main([*command, *RUN, "--out", "many"]) == 0
    assert results(place / "many") == results(place / "one")
    assert not list((place / "many").glob("digits/*/.shards"))
    calls = (place / "calls").read_text().splitlines()
    assert [call.split(" --wrap")[0] for call in calls] == [
        "sbatch --parsable --gres=gpu:1 --job-name=asr-part --array=1-2",
        "sbatch --parsable --gres=gpu:1 --job-name=asr-whole --dependency=afterany:42",
    ]


def test_hf_jobs(place: Path) -> None:
    assert main([*RUN, "--out", "one"]) == 0
    command = ["launch", "--on", "hf-jobs", "--shards", "2", "--bucket", "org/runs", "--image", "an/image", "--submit"]
    assert main([*command, "--job-option=--flavor=l4x1", "--", *RUN, "--out", "many"]) == 0
    assert results(place / "many") == results(place / "one")
    parts = place.glob("bucket/digits/*/.shards/*-of-2/digits.jsonl")
    assert sorted((path.parent.name, len(read_journal(path).lines)) for path in parts) == [
        ("1-of-2", 10),
        ("2-of-2", 10),
    ]
    calls = (place / "calls").read_text()
    said = calls.splitlines()
    assert said[0].startswith(
        "hf jobs run --detach --quiet --secrets HF_TOKEN --volume hf://buckets/org/runs:/runs --flavor=l4x1 "
        "--env SHARD=1 an/image sh -c set -eu; copy() ("
    )
    assert said[2:] == ["hf jobs wait job1 job2", "hf buckets sync hf://buckets/org/runs many"]
    assert "hf_secret" not in calls
    # The same again, with the parts in the bucket once more: nothing changes.
    before = results(place / "many")
    subprocess.run(["hf", "buckets", "sync", "hf://buckets/org/runs", "many"], check=True)
    assert main([*RUN, "--out", "many"]) == 0
    assert results(place / "many") == before


PART = """#!/bin/sh
cd "$PLACE/job$SHARD/s/m/.shards"
ls > "$PLACE/seen$SHARD"
echo more >> "$SHARD-of-2/j.jsonl"
echo whole > "$PLACE/bucket/s/m/.shards/2-of-2/j.jsonl"
exit 5
"""


def test_a_job_of_hf_leaves_the_parts_of_others_as_they_are(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second part ends while the first is at work; the script is run in another folder than it was made in."""
    parts = place / "bucket" / "s" / "m" / ".shards"
    for number in (1, 2):
        (parts / f"{number}-of-2").mkdir(parents=True)
        (parts / f"{number}-of-2" / "j.jsonl").write_text("begun\n")
    stub(place / "bin" / COMMAND, PART)
    monkeypatch.setenv("LOST", "2")
    monkeypatch.setattr(launch, "_program", lambda: ["echo"])
    words = ["launch", "--on", "hf-jobs", "--shards", "2", "--bucket", "o/b", "--image", "i"]
    assert main([*words, "--", "--suite", "digits", "--out", "many"]) == 0
    script = capsys.readouterr().out
    (place / "elsewhere").mkdir()
    ended = subprocess.run(["sh"], input=script, text=True, capture_output=True, check=False, cwd=place / "elsewhere")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (place / "seen1").read_text() == "1-of-2\n"
    files = {str(path.relative_to(place / "many")): path.read_text() for path in (place / "many").rglob("*.jsonl")}
    assert files == {
        "s/m/.shards/1-of-2/j.jsonl": "begun\nmore\n",
        "s/m/.shards/2-of-2/j.jsonl": "whole\n",
    }


KEEP = """#!/bin/sh
for word; do last=$word; done
printf '%s\\n' "${last#--wrap=}" >> "$CALLS"
"""


def test_a_script_keeps_every_word_whatever_is_in_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = ["--suite", "digits", "--model", "transcripts:a b'c.jsonl", "--name", "it's $HOME"]
    for name in ("sbatch", "hf"):
        stub(place / "bin" / name, KEEP)
    for where in (["slurm"], ["hf-jobs", "--bucket", "o/b", "--image", "i"]):
        (place / "calls").write_text("")
        assert main(["launch", "--on", *where, "--shards", "2", "--", *odd]) == 0
        script = capsys.readouterr().out
        assert script.startswith("#!/bin/sh\n# 2 parts")
        assert "hf_secret" not in script
        subprocess.run(["sh"], input=script, text=True, capture_output=True, check=False)
        words = shlex.split((place / "calls").read_text().splitlines()[0].replace(";", " ; "))
        at = words.index("--suite")
        assert words[at : at + 6] == odd


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--on", "slurm", "--shards", "2"], "give the flags of the run behind --"),
        (["--on", "slurm", "--shards", "0", "--", "--suite", "digits"], "--shards 0: give a number from 1 to 100,000"),
        (["--on", "slurm", "--shards", "2", "--", "--suite", "digits", "--fresh"], "--fresh is not for parts of a run"),
        (["--on", "slurm", "--shards", "2", "--", "--shard", "1/2"], "--shard is not for parts of a run"),
        (["--on", "slurm", "--shards", "2", "--", "--repeats", "2"], "--repeats is not for parts of a run"),
        (["--on", "slurm", "--shards", "2", "--", "--sweet", "x"], "unrecognized arguments: --sweet x"),
        (["--on", "slurm", "--shards", "2", "--", "--limit", "0"], "--limit 0: give a positive number"),
        (["--on", "slurm", "--shards", "2", "--bucket", "a/b", "--", "--suite", "digits"], "are of --on hf-jobs"),
        (["--on", "hf-jobs", "--shards", "2", "--", "--suite", "digits"], "give --bucket ORG/NAME"),
        (["--on", "lsf", "--shards", "2", "--", "--suite", "digits"], "invalid choice: 'lsf'"),
        (
            ["--on", "slurm", "--shards", "2", "--job-option=", "--", "--suite", "digits"],
            "--job-option '': give one flag",
        ),
        (
            ["--on", "slurm", "--shards", "2", "--job-option=--gres gpu:1", "--", "--suite", "digits"],
            "--job-option '--gres gpu:1': give one flag as one word, as --job-option=--gres=gpu:1",
        ),
        (
            ["--on", "hf-jobs", "--shards", "2", "--job-option=--token=hf_x", "--", "--suite", "digits"],
            "a token does not",
        ),
    ],
)
def test_what_cannot_be_meant(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


UNCHECKED = "; launch --unchecked does not look, where only the jobs' machines have it"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--suite", "digitz"], "no suite called 'digitz'; did you mean 'digits'?"),
        (
            ["--data", "none/calls.jsonl", "--model", "hama"],
            "no file or folder at none/calls.jsonl; --data takes hf://",
        ),
        (["--data", "hf://a/b", "--data", "none", "--model", "hama"], "no file or folder at none; --data takes hf://"),
        (["--suite", "digits", "--model", "tiny-nat"], "no model called 'tiny-nat'; did you mean 'tiny-nar'?"),
        (["--data", "hf://a/b", "--model", "./ckpt"], "no folder './ckpt'; --model takes a folder with config.json"),
        (["--suite", "digits", "--model", "hama", "--model", "./ckpt"], "no folder './ckpt'; --model takes a folder"),
        (["--suite", "digits", "--data", "x"], "say what to run: --suite NAME"),
        (["--suite", "digits", "--split", "test"], "--split is about --data PATH, which is not given"),
        (["--suite", "digits", "--language", "de"], "--language is about --data PATH, which is not given"),
        ([], "launch: give the flags of the run behind --"),
    ],
)
def test_what_is_not_there_is_said_before_jobs_are(
    flags: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--on", "slurm", "--shards", "2"]
    assert main(["launch", *words, "--", *flags]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {said}")
    assert told.err.count("\n") == 1
    assert not flags or told.err.endswith(f"{UNCHECKED}\n")
    if flags:
        assert main(["launch", *words, "--unchecked", "--", *flags]) == 0
        assert capsys.readouterr().out.startswith("#!/bin/sh\n# 2 parts as an array of jobs")


def test_folders_of_other_machines_are_not_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--suite", "digits", "--from", "/no/such/folder"]
    assert main(["launch", "--on", "slurm", "--shards", "2", "--", *flags]) == 2
    assert capsys.readouterr().err == "error: --from /no/such/folder: no such folder\n"
    assert main(["launch", "--on", "slurm", "--shards", "2", "--unchecked", "--", *flags]) == 0
    assert "--suite digits --from /no/such/folder --shard" in capsys.readouterr().out


def test_what_an_experiment_names_is_looked_for_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eval.toml").write_text('data = "none.jsonl"\nmodels = ["hama"]\n')
    words = ["launch", "--on", "slurm", "--shards", "2", "--", "--config"]
    assert main([*words, "eval.toml"]) == 2
    assert capsys.readouterr().err.startswith("error: no file or folder at none.jsonl; ")
    assert main([*words, "eval.toml", "--suite", "digits"]) == 0
    assert "--config eval.toml --suite digits --shard" in capsys.readouterr().out
    assert main([*words, "other.toml"]) == 2
    assert capsys.readouterr().err == "error: --config other.toml: cannot be read (No such file or directory)\n"


def test_without_the_program_nothing_is_submitted(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "bin" / "sbatch").unlink()
    monkeypatch.setenv("PATH", str(place / "bin"))
    assert main(["launch", "--on", "slurm", "--shards", "2", "--submit", "--", "--suite", "digits"]) == 2
    assert "there is no sbatch here; without --submit the script is printed" in capsys.readouterr().err


def test_a_launcher_that_fails_is_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stub(place / "bin" / "sbatch", "#!/bin/sh\nexit 3\n")
    assert main(["launch", "--on", "slurm", "--shards", "2", "--submit", "--", "--suite", "digits"]) == 5
    assert "the script ended with status 3; what sbatch said stands above" in capsys.readouterr().err
