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
from harness.records.codec import pretty
from harness.reporting.table import Cell, Column, Table
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


@pytest.mark.parametrize(
    "name",
    [
        *("PGPASSWORD", "MYSQL_PWD", "DB_PASS", "SSHPASS", "SECRET_KEY_BASE", "APITOKEN", "GITHUB_TOKEN_2"),
        *("TOKEN_PROD", "HF_TOKEN_READ", "CLIENT_SECRET_V2", "SLACK_TOKENS", "OPENAI_KEYS", "GPG_PASSPHRASE"),
        *("dbPassword", "azureApiKey", "LDAP_PASSWORD1"),
    ],
)
def test_more_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "COMPASS", "KEYMAP", "TOKEN_LIMIT", "DB_PASSWORD_FILE", "BYPASS"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no 'https://user:hunter'2pw@h/x' here", "no 'https://[key]@h/x' here"),
        ("https://h/cb#access_token=S3cr3tV&x=1", "https://h/cb#access_token=[key]&x=1"),
        ("https%3A%2F%2Fu%3Ahunter2pw%40h%2Fx", "https%3A%2F%2F[key]%40h%2Fx"),
        ("https://h/x?api%5Fkey=S3cr3tV&a=1", "https://h/x?api%5Fkey=[key]&a=1"),
        ("https://h/x?a%3D1%26token%3DS3cr3tV%26b%3D2", "https://h/x?a%3D1%26token%3D[key]%26b%3D2"),
        ("https://h/x?token=S3cr%20'3tV", "https://h/x?token=[key]"),
        (r'"https:\/\/u:hunter2pw@h\/"', r'"https:\/\/[key]@h\/"'),
        ("sk-proj-S3cr3tVabcdefghijklmnop xoxb-123-S3cr3tV", "[key] [key]"),
        ("glpat-S3cr3tVabcdefghijkl AKIAIOSFODNN7EXAMPLE", "[key] [key]"),
        ("ghr_S3cr3tVabcdefghijklmnopqrst", "[key]"),
        # What is none.
        ("risk-averse-and-very-long-hyphenated-2 sk-averse-and-very-long-words", None),
        ("AKIAIOSFODNN7EXAMPLEXX xoxb-1 glpat-short", None),
        ("'https://h/a' 'b:c@d' 100%3A2", None),
    ],
)
def test_more_ways_to_write_one(text: str, shown: str | None) -> None:
    assert hide(text, {}) == (text if shown is None else shown)


def test_a_value_that_begins_as_a_path(tmp_path: Path) -> None:
    held = {"A_KEY": "/S3cr3tV4lue+abcdefghijKLMN0123456789/ab"}
    assert hide(f"x {held['A_KEY']} y", held) == "x [key] y"
    there = str(tmp_path / "Ab1")
    assert hide(there, {"A_KEY": there}) == there


def test_a_secret_as_an_address_writes_it() -> None:
    assert hide("https://h/?q=a%2Bb%3Dc%2F12", {"A_KEY": "a+b=c/12"}) == "https://h/?q=[key]"


@pytest.mark.parametrize(
    "number", ["0.16666666666", "166666666", "6666666.66666666", "0.66666666", "66666666.5", "1,66666666"]
)
def test_digits_within_a_number_are_no_secret(number: str) -> None:
    assert hide(f"{number} 66666666.", {"A_PASSWORD": "66666666"}) == f"{number} [key]."


def test_json_has_its_texts_hidden_and_its_numbers_and_keys_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PASSWORD", "66666666")
    monkeypatch.setenv("MY_TOKEN", "audio_seconds")
    record = {"wer": 1 / 6, "n": 66666666, "audio_seconds": "66666666 x", "l": ["audio_seconds", {"66666666": None}]}
    kept = {**record, "audio_seconds": "[key] x", "l": ["[key]", {"66666666": None}]}
    assert json.loads(pretty(record)) == kept


def test_a_score_keeps_its_numbers_under_a_password_of_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": "w", "text": "a b c", "pred_text": "a b c"}, {"id": "x", "text": "a b c", "pred_text": "a b d"}]
    predictions = tmp_path / "p.jsonl"
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["score", str(predictions), "--json", "--profile", "verbatim"]
    assert main(words) == 0
    before = capsys.readouterr().out
    assert "0.16666666666666666" in before
    monkeypatch.setenv("MY_PASSWORD", "66666666")
    monkeypatch.setenv("MY_SECRET", "rtfx_end_to_end")
    assert main(words) == 0
    assert capsys.readouterr().out == before


def test_tables_hide_texts_and_keep_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PASSWORD", "66666666")
    columns = (Column("model", "Model"), Column("n", "N"))
    table = Table("of 66666666", "c", columns, ((Cell("m 66666666", notes=("66666666",)), Cell(66666666)),))
    assert [table.render(form).count("66666666") for form in ("csv", "json", "html")] == [1, 1, 2]
    assert table.title == "of [key]"
    assert table.rows[0][0] == Cell("m [key]", notes=("[key]",))


def test_ordinary_lines_are_as_they_were(shared: Path) -> None:
    lines: list[str] = []
    for path in sorted((shared / "corpora").rglob("*.jsonl")):
        lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = lines[:10_000]
    assert len(lines) > 1000
    assert [line for line in lines if hide(line, {}) != line] == []


def test_the_sample_suite_is_as_it_was(root: Path) -> None:
    lines = [line for path in root.glob("benchmarks/**/*.jsonl") for line in path.read_text().splitlines()]
    assert len(lines) > 10
    assert [line for line in lines if hide(line, {}) != line] == []


def test_no_folder_is_called_by_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_TOKEN", "S3cr3tV4lue")
    data = manifest(tmp_path / "calls.jsonl", [{"audio": str(tone(tmp_path / "1.wav", 1)), "id": "1", "text": "one"}])
    Path("p.jsonl").write_text('{"id": "1", "text": "one"}\n')
    Path("S3cr3tV4lue").mkdir()
    words = ["--data", str(data), "--out", "out", "--model"]
    assert main([*words, "transcripts:p.jsonl", "--name", "S3cr3tV4lue"]) == 2
    assert "--name [key] holds a password or a token" in capsys.readouterr().err
    assert main([*words, "S3cr3tV4lue"]) == 2
    assert "--model [key] holds a password or a token" in capsys.readouterr().err
    assert not Path("out").exists()
