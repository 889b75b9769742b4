"""Runs with names, and an experiment file: what would be typed, kept in TOML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.cli import Parser, main
from harness.commands.experiment import read_experiment
from harness.commands.run import add_arguments
from harness.records.run import read_run_record

ROOT = Path(__file__).resolve().parents[3]
Told = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    soundfile.write("a.wav", np.zeros(16_000, np.float32), 16_000)
    rows = [{"audio": "a.wav", "id": name, "text": "red green"} for name in ("a", "b")]
    Path("m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in (("good", "red green"), ("bad", "red")):
        Path(f"{name}.jsonl").write_text("".join(json.dumps({"id": one, "pred_text": text}) + "\n" for one in "ab"))
    return tmp_path


def experiment(text: str) -> str:
    Path("eval.toml").write_text(text)
    return "eval.toml"


def runs(capsys: Told) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["runs", "list", "o", "--json"]) == 0
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)}


TYPED = ["--data", "m.jsonl", "--out", "o", "--quiet"]


def test_a_run_has_a_name_in_its_folder_and_everywhere(capsys: Told) -> None:
    model = ["--model", "transcripts:good.jsonl"]
    assert main([*TYPED, *model, "--name", "monday"]) == 0
    assert "monday" in capsys.readouterr().out
    Path("good.jsonl").write_text(Path("bad.jsonl").read_text())
    assert main([*TYPED, *model, "--name", "tuesday", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["tuesday"]
    assert {name: one["wer"] for name, one in runs(capsys).items()} == {"monday": 0.0, "tuesday": 0.5}
    folders = ["o/data_m/monday", "o/data_m/tuesday"]
    assert main(["compare", *folders, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["systems"] == ["monday", "tuesday"]
    assert main(["report", *folders, "--out", "r"]) == 0
    table = Path("r/table.md").read_text()
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == ["Model", "monday", "tuesday"]
    main(["gate", folders[1], "--baseline", folders[0]])
    assert "tuesday (o/data_m/tuesday) against monday (o/data_m/monday)" in " ".join(capsys.readouterr().out.split())


def test_two_runs_of_one_model_are_told_apart_without_flags(capsys: Told) -> None:
    for out in ("o", "p"):
        assert main(["--data", "m.jsonl", "--out", out, "--quiet", "--model", "transcripts:good.jsonl"]) == 0
    capsys.readouterr()
    for folder, day in (("o", 24), ("p", 25)):
        (path,) = Path(folder).rglob("run.json")
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"started": f"2026-11-{day}T08:00:00+00:00"}))
    (one, two) = (str(path.parent) for folder in "op" for path in Path(folder).rglob("run.json"))
    assert main(["compare", one, two, "--json"]) == 0
    names = ["transcripts:good.jsonl (2026-11-24)", "transcripts:good.jsonl (2026-11-25)"]
    assert json.loads(capsys.readouterr().out)["systems"] == names
    assert main(["report", one, two, "--out", "r"]) == 0
    assert all(name in Path("r/table.csv").read_text() for name in names)


def test_several_models_under_one_name_have_theirs_in_it(capsys: Told) -> None:
    models = ["--model", "transcripts:good.jsonl", "--model", "transcripts:bad.jsonl"]
    assert main([*TYPED, *models, "--name", "n"]) == 0
    assert list(runs(capsys)) == ["n-transcripts:bad.jsonl", "n-transcripts:good.jsonl"]


def test_a_name_is_no_other_model_s(capsys: Told) -> None:
    assert main([*TYPED, "--model", "transcripts:good.jsonl", "--name", "n"]) == 0
    assert main([*TYPED, "--model", "transcripts:bad.jsonl", "--name", "n"]) == 2
    assert "holds a run with model 'transcripts:good.jsonl'" in capsys.readouterr().err
    assert main([*TYPED, "--model", "transcripts:bad.jsonl", "--name", "a/b"]) == 2
    assert capsys.readouterr().err.startswith("error: --name a/b: give a plain name")


def test_a_profile_of_a_run(capsys: Told) -> None:
    Path("bad.jsonl").write_text("".join(json.dumps({"id": one, "pred_text": "Red, green!"}) + "\n" for one in "ab"))
    flags = [*TYPED, "--model", "transcripts:bad.jsonl", "--json"]

    def wer(*more: str) -> tuple[str, float]:
        assert main([*flags, *more]) == 0
        (one,) = json.loads(capsys.readouterr().out)
        return one["profile"]["name"], one["average"]["wer"]

    own = wer()
    assert own[1] == 0.0
    assert wer("--profile", "verbatim") == ("verbatim", 1.0)
    (path,) = Path("o").rglob("run.json")
    assert read_run_record(path.parent).asked_profile == "verbatim"
    assert main(["score", "o", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["profile"]["name"] == "verbatim"
    assert wer() == own, "what is not said is the suite's again, and nothing is computed"
    assert main([*flags, "--profile", "verbatin"]) == 2
    assert capsys.readouterr().err == "error: no profile called 'verbatin'; did you mean 'verbatim'?\n"


EXPERIMENT = """
data = "m.jsonl"
models = ["transcripts:good.jsonl", "transcripts:bad.jsonl"]
name = 2026-11-25
profile = "verbatim"
out = "o"
quiet = true
limit = 1
report = "r"
[gate]
baseline = "base"
junit = "gate.xml"
markdown = "gate.md"
[gate.policy]
wer.margin = 2
inconclusive = "pass"
"""


def test_an_experiment_is_run_reported_and_judged(capsys: Told) -> None:
    for model in ("good", "bad"):
        words = [*TYPED, "--model", f"transcripts:{model}.jsonl", "--name", f"one-{model}", "--profile", "verbatim"]
        assert main(words) == 0
        assert main(["baseline", "save", f"o/data_m/one-{model}", "--dir", "base"]) == 0
    capsys.readouterr()
    assert main(["--config", experiment(EXPERIMENT), "--limit", "2"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 of 2 models passed, each against its own baseline." in said
    assert said.endswith("PASS (exit status 0), the worst of 2 models"), "one call for all"
    found = runs(capsys)
    names = ["2026-11-25-transcripts:bad.jsonl", "2026-11-25-transcripts:good.jsonl"]
    assert list(found) == [*names, "one-bad", "one-good"]
    record = read_run_record(Path(found[names[0]]["folder"]))
    assert (record.limit, record.profile, record.benchmarks["data_m"].done) == (2, "verbatim", 2)
    assert Path("r/index.html").is_file()
    assert all(f"transcripts:{model}.jsonl" in Path("gate.md").read_text() for model in ("good", "bad"))
    assert Path("gate.xml").is_file()


def test_a_baseline_of_one_model_is_none_of_another_s(capsys: Told) -> None:
    assert main([*TYPED, "--model", "transcripts:good.jsonl", "--name", "one", "--profile", "verbatim"]) == 0
    Path("base").symlink_to("o/data_m/one")
    assert main(["--config", experiment(EXPERIMENT), "--limit", "2"]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "1 of 2 models passed" in said
    assert "there is no baseline; make one with" in said


def test_with_json_stdout_is_the_scores_alone(capsys: Told) -> None:
    path = experiment('data = "m.jsonl"\nmodel = "transcripts:bad.jsonl"\nout = "o"\nreport = "r"\n')
    assert main(["--config", path, "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["average"]["wer"] == 0.5
    assert Path("r/index.html").is_file()


def test_what_is_typed_wins(capsys: Told) -> None:
    path = experiment('suite = "sample"\nmodels = ["hama"]\nbatch_size = 3\nname = "a"\nseed = 5\n')
    words = ["--config", path, "--model", "transcripts:good.jsonl", "--batch-seconds", "9", "--name", "b", *TYPED]
    assert main([*words, "--seed", "0"]) == 0
    (path_,) = Path("o").rglob("run.json")
    record = read_run_record(path_.parent)
    assert (record.name, record.suite, record.model.id) == ("b", "data_m", "transcripts:good.jsonl")
    assert [record.settings[name] for name in ("batch_seconds", "batch_size", "seed")] == [9.0, None, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modles = 1", "no key in eval.toml called 'modles'; did you mean 'models'?"),
        ("debug = true", "no key in eval.toml called 'debug'"),
        ("[gate]\npolcy = 'x'", "no key in eval.toml, [gate] called 'polcy'; did you mean 'policy'?"),
        ("[report]\nlimit = 'x'", "no key in eval.toml, [report] called 'limit'"),
        ("limit = 'many'", "eval.toml: limit: --limit 'many': give a whole number\n"),
        ("limit = true", "eval.toml: limit: give a text or a number, not true"),
        ("limit = [1, 2]", "eval.toml: limit: give one value, not a list"),
        ("streaming = 'yes'", "eval.toml: streaming: give true or false"),
        ("models = [{}]", "eval.toml: models: give a text or a number, not a dict"),
        ("engine = 'spark'", "eval.toml: engine: argument --engine: invalid choice: 'spark'"),
        ("gate = 3", "eval.toml: gate: give a path, or a table [gate]"),
        ("[gate.policy]\nwer.margni = 1", "no key of a policy (eval.toml, [gate.policy], [wer]) called 'margni'"),
        ("suite =", "--config eval.toml: not TOML: "),
        ("batch_size = 1\nbatch_seconds = 2", "eval.toml: batch_size and batch_seconds exclude each other"),
    ],
)
def test_mistakes_in_it_are_one_line(capsys: Told, text: str, message: str) -> None:
    assert main(["--config", experiment(text)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith(f"error: {message}")


def test_a_file_that_is_not_there(capsys: Told) -> None:
    assert main(["--config", "none.toml"]) == 2
    assert capsys.readouterr().err == "error: --config none.toml: cannot be read (No such file or directory)\n"


def test_keywords_and_options_of_the_model_as_toml_has_them() -> None:
    parser = Parser(add_help=False)
    add_arguments(parser)
    path = Path(experiment('keywords = ["New York", "a,b"]\n[model_option]\nmode = "fast"\nbeam = 4\n'))
    assert read_experiment(path, parser).flags == {
        "keywords": ("New York", "a,b"),
        "model_option": ["mode=fast", "beam=4"],
    }


def test_a_configuration_of_data_is_still_named_by_the_same_flag() -> None:
    parser = Parser()
    add_arguments(parser)
    args = parser.parse_args(["--config", "en", "--config", "eval.toml"])
    assert (args.config, args.experiment) == ("en", Path("eval.toml"))


def test_the_example_of_the_docs_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = Parser(add_help=False)
    add_arguments(parser)
    text = (ROOT / "docs/examples/eval.toml").read_text(encoding="utf-8")
    assert read_experiment(Path(experiment(text)), parser).flags["model"] == ["whisper-tiny.en", "hama"]
    whole = re.sub(r"^# (?=[\[\w]+[\] ])", "", text.partition("\n\n")[2], flags=re.MULTILINE)
    found = read_experiment(Path(experiment(whole)), parser)
    assert set(found.after) == {"report", "gate"}
    assert found.flags["model_option"] == ["mode=punctuated"]


def test_every_example_of_a_help_has_only_what_there_is(capsys: Told) -> None:
    from harness.cli import VERBS, module_of, parser_of
    from harness.commands.examples import EXAMPLES

    assert list(EXAMPLES) == list(VERBS)
    for name, lines in EXAMPLES.items():
        for line in lines:
            words = line.partition(" > ")[0].partition(" < ")[0].split()
            parser = parser_of(name, module_of(name))
            parser.parse_args(words if name == "run" else words[1:])
            assert f" {line}\n" in parser.format_help() + "\n"


@pytest.mark.parametrize("words", [["data", "check"], ["baseline", "list"], ["data", "verify"]])
def test_what_stands_behind_a_verb_has_its_own_examples(capsys: Told, words: list[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    examples = capsys.readouterr().out.partition("examples:\n")[2].split("\n")
    assert examples[0].split()[1:3] == words


def test_defaults_are_said(capsys: Told) -> None:
    for words, said in (
        ([], "results/runs)"),
        (["baseline", "save"], "(default baselines)"),
        (["explain"], "(default"),
    ):
        with pytest.raises(SystemExit, match="0"):
            main([*words, "--help"])
        assert said in " ".join(capsys.readouterr().out.split())
