"""Keys and tokens of the environment stand in nothing that is written, and are not handed on."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from harness import environment
from harness.cli import main
from harness.secret_values import HIDDEN, hide, is_secret, put_away, without
from tests.harness.runner.tones import manifest, tone

SECRETS = {
    "HF_TOKEN": "hf_QqWwEeRrTtYyUuIiOoPp01",
    "OPENAI_API_KEY": 'sk-proj-"Zx\\81/+x==',
    "WANDB_API_KEY": "0123456789abcdef0123",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "MY_OWN_SECRET": "correct horse battery",
    "DB_PASSWORD": "Tr0ub4dor&3",
}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *((name, True) for name in SECRETS),
        ("GITHUB_TOKEN", True),
        ("GH_PAT", True),
        ("AZURE_APIKEY", True),
        ("RAY_AUTH_TOKEN", True),
        ("lower_case_token", True),
        ("PATH", False),
        ("TOKENIZERS_PARALLELISM", False),
        ("KEYBOARD", False),
        ("MONKEY", False),
        ("HF_HOME", False),
    ],
)
def test_a_secret_is_told_by_its_name(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("hf_12345678", True), ("short1", False), ("disabled", False), ("/home/u/key1", False), ("~/.ssh/id_1", False)],
)
def test_a_value_that_is_none_stays(value: str, hidden: bool) -> None:
    text = f"bad value {value}."
    assert hide(text, {"A_KEY": value}) == ("bad value [key]." if hidden else text)
    assert hide(text, {"A_NAME": value}) == text


def test_the_longer_of_two_goes_first() -> None:
    assert hide("abcdefgh123 abcdefgh1", {"A_KEY": "abcdefgh1", "B_KEY": "abcdefgh123"}) == "[key] [key]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no file at https://user:pw@host/a b", "no file at https://[key]@host/a b"),
        ("ftp://:pw@host", "ftp://[key]@host"),
        ("https://user:p@w:d@host:80/x", "https://[key]@host:80/x"),
        ("https:/user:pw@host/x", "https:/[key]@host/x"),
        ("S3://AKIA:se+cr%2Fet@bucket", "S3://[key]@bucket"),
        ("https://ghx1234567890abcd@github.com/o/r", "https://[key]@github.com/o/r"),
        ("hf://org/set?token=abc&x=1", "hf://org/set?token=[key]&x=1"),
        ("https://h/a?x=1&X-Amz-Signature=ab12#m", "https://h/a?x=1&X-Amz-Signature=[key]#m"),
        ('https://h/a?sig=a%2Fb;API_KEY=q"', 'https://h/a?sig=[key];API_KEY=[key]"'),
        ("hf://datasets/o/s@hf_abcdEFGH1234ijkl", "hf://datasets/o/s@[key]"),
        ("(ghp_abcdefghij0123456789)", "([key])"),
        ("openai:https://u:p@h/v1#m", "openai:https://[key]@h/v1#m"),
        # What is none.
        ("ssh://git@github.com/o/r a@b.c:d", "ssh://git@github.com/o/r a@b.c:d"),
        ("https://h/a@1?speaker=anna&monkeys=2", "https://h/a@1?speaker=anna&monkeys=2"),
        ("hf://org/set@main http://h:80/a:b@c hf_internal", "hf://org/set@main http://h:80/a:b@c hf_internal"),
        ("key=value token=x a/b:c@d", "key=value token=x a/b:c@d"),
    ],
)
def test_what_an_address_carries_is_hidden(text: str, shown: str) -> None:
    assert hide(text, {}) == shown


@pytest.mark.parametrize("flag", ["--data", "--model", "--reference", "--baseline", "--profile", "--suite"])
@pytest.mark.parametrize("address", ["https://user:secretpw99@h.invalid/x", "https://h.invalid/x?token=secretpw99"])
def test_no_flag_tells_or_stores_the_password_of_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flag: str, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    audio = tone(tmp_path / "1.wav", 1)
    data = manifest(tmp_path / "calls.jsonl", [{"audio": str(audio), "id": "1", "text": "one"}])
    Path("p.jsonl").write_text('{"text": "one", "pred_text": "one"}\n')
    words = {
        "--data": ["--data", address, "--model", "transcripts:p.jsonl"],
        "--model": ["--data", str(data), "--model", f"transcripts:{address}", "--out", "out"],
        "--suite": ["--suite", address],
        "--baseline": ["gate", "p.jsonl", "--baseline", address],
    }.get(flag, ["score", "p.jsonl", flag, address])
    assert main(words) in {2, 4}
    told = capsys.readouterr()
    assert "secretpw99" not in told.out + told.err
    assert "[key]" in told.err
    assert [path for path in tmp_path.rglob("*") if "secretpw99" in str(path)] == []


def test_what_is_put_away_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with suppress(RuntimeError), put_away(frozenset({"HF_TOKEN"})):
        assert SECRETS.keys() & os.environ.keys() == {"HF_TOKEN"}
        raise RuntimeError
    assert dict(os.environ) == before
    assert not SECRETS.keys() & without(os.environ).keys()


def test_git_is_told_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    environment.code()
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert not any(value in seen for value in SECRETS.values())


MODEL = """
import os
from harness.models import base
from harness.types import Hypothesis

class Leaky(base.Model):
    card = base.ModelCard(id="leaky", batch_invariant=True, note=f"made with {os.environ['WANDB_API_KEY']}")
    def features(self, clips):
        return list(clips)
    def infer(self, features):
        if features[0].id == "2":
            raise ValueError(" ".join(["refused:", *(value for name, value in SECRETS)]))
        return ["one" for _ in features]
    def text(self, output):
        return [Hypothesis(text=one) for one in output]

SECRETS = [(name, os.environ[name]) for name in %r]

def load(options):
    print("loading with", os.environ["HF_TOKEN"])
    return Leaky()
"""


def test_a_run_that_is_told_them_writes_them_nowhere(tmp_path: Path, root: Path) -> None:
    """A model puts all of them into its card, its errors and its output; every file is read, bytes and all."""
    (tmp_path / "leaky_model.py").write_text(MODEL % [*SECRETS])
    rows = [{"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "one"} for n in (1, 2)]
    data = manifest(tmp_path / "calls.jsonl", rows)
    out = tmp_path / "out"
    words = ["--data", str(data), "--model", "leaky_model:load", "--batch-size", "1", "--out", str(out)]
    words += ["--name", "x", "--debug"]
    surroundings = {**os.environ, **SECRETS, "PYTHONPATH": str(tmp_path)}
    program = [sys.executable, str(root / "run_eval.py")]
    said = []
    for verb in (words, ["report", str(out / "data_calls"), "--out", str(tmp_path / "report")]):
        done = subprocess.run([*program, *verb], env=surroundings, cwd=tmp_path, capture_output=True, check=False)
        said.append(done.stdout + done.stderr)
    wrong = [*program, "score", str(tmp_path / SECRETS["HF_TOKEN"])]
    said.append(subprocess.run(wrong, env=surroundings, cwd=tmp_path, capture_output=True, check=False).stderr)
    written = {path: path.read_bytes() for place in (out, tmp_path / "report") for path in place.rglob("*.*")}
    assert {"run.json", "data_calls.jsonl", "index.html", "table.csv", "tables.xlsx"} <= {path.name for path in written}
    for name, value in SECRETS.items():
        for form in (value.encode(), json.dumps(value)[1:-1].encode()):
            assert not [path for path, data in written.items() if form in data], name
            assert not any(form in text for text in said), name
    assert b"[key]" in said[2]
    journal = (out / "data_calls" / "x" / "data_calls.jsonl").read_text()
    assert "ValueError: refused: [key] [key] [key] [key] [key] [key]" in journal
    assert '"note": "made with [key]"' in (out / "data_calls" / "x" / "run.json").read_text()


def children(process: int) -> list[int]:
    """All descendants, and those of the same session."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) == process:  # its session
            found.append(int(place.name))
    return [one for one in found if one != process]


CLUSTER = """
import sys
from harness.runner.ray_connect import Share, connect, library
from harness.runner.ray_folder import remove
folder = connect(Share(workers=1))
ray = library()
@ray.remote
def seen():
    import os
    return dict(os.environ)
held = ray.get(seen.remote())
print(sorted(held.keys() & set(sys.argv[1:])), flush=True)
sys.stdin.readline()
ray.shutdown()
remove(folder)
"""


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: the extra [ray]")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_processes_of_a_cluster_hold_what_the_hub_asks_for_alone(root: Path) -> None:
    command = [sys.executable, "-c", CLUSTER, *SECRETS]
    with subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **SECRETS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "['HF_TOKEN']\n"
        dumps = [Path(f"/proc/{one}/environ").read_bytes() for one in children(driver.pid)]
        assert len(dumps) >= 3  # its store, its node, its worker
        others = [name for name in SECRETS if name != "HF_TOKEN"]
        assert not [name for name in others for dump in dumps if SECRETS[name].encode() in dump]
        driver.communicate("\n")


def test_eight_characters_are_a_secret_and_seven_are_none() -> None:
    held = {"A_TOKEN": "abcd1234", "B_TOKEN": "xyz9876"}
    assert hide("abcd1234 xyz9876", held) == f"{HIDDEN} xyz9876"
