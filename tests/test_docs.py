"""README and docs are tried as a reader would: commands are run, code is loaded, links lead somewhere."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from harness.cli import VERBS, main
from harness.models.base import Adapter, LoadOptions

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")),
    *sorted((ROOT / "docs").glob("*.md")),
]
CHEAP = ("list ", "doctor", "data describe", "--help")
"""Commands of the README that take seconds; the others are run by tests of their own on data of their own."""


def commands(page: Path) -> list[list[str]]:
    """Every command line of our program in a page's code blocks, as words."""
    blocks = re.findall(r"```(?:sh|bash|console)?\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        match = re.search(r"(?:^|&& |python )(?:\.venv/bin/)?run_eval\.py +(.*)", line.split("  #")[0])
        if match:
            found.append(shlex.split(match.group(1).split(" && ")[0].split(" > ")[0].split(" | ")[0]))
    return found


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_has_only_flags_that_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(page):
        verb = words[0] if words[0] in VERBS else "run"
        flags = {word.split("=")[0] for word in words if word.startswith("--")}
        below = words[1:2] if verb in {"baseline", "data"} else []
        with pytest.raises(SystemExit):
            main([*([] if verb == "run" else [verb, *below]), "--help"])
        text = capsys.readouterr().out
        missing = [flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text)]
        assert not missing, f"{page.name}: {' '.join(words)}"


@pytest.mark.parametrize(
    "words",
    [words for words in commands(ROOT / "README.md") if " ".join(words).startswith(CHEAP)],
    ids=" ".join,
)
def test_the_readme_s_quick_commands_work(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if words == ["--help"]:
        with pytest.raises(SystemExit, match="0"):
            main(words)
    else:
        assert main(words) == 0
    assert len(capsys.readouterr().out) > 100


def test_the_readme_names_both_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker, last in (("sample", "run_eval.py --suite sample"), ("test", "-m pytest")):
        (command,) = re.findall(rf"<!-- {marker} command -->\n```sh\n(.*?)\n```", readme)
        assert command.endswith(last)
        assert "\n" not in command


def test_the_model_of_the_docs_is_an_adapter_that_runs(tmp_path: Path) -> None:
    """The pattern in adding_a_model.md, as it stands there, through the loop."""
    import numpy as np

    from harness.types import Clip

    page = (ROOT / "docs" / "adding_a_model.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"<!-- tested: model -->\n```python\n(.*?)```", page, re.DOTALL)
    module: dict[str, object] = {}
    exec(compile(source, "adding_a_model.md", "exec"), module)
    adapter = module["ADAPTER"]
    assert isinstance(adapter, Adapter)
    assert adapter.accepts("stopwatch")
    model = adapter.load("stopwatch", LoadOptions())
    clips = [Clip(id=str(n), language="en", waveform=np.zeros(16_000 * n, np.float32)) for n in (1, 3)]
    said = model.text(model.infer(model.transfer(model.features(clips))))
    assert [hypothesis.text for hypothesis in said] == ["1 seconds", "3 seconds"]


@pytest.mark.parametrize("name", ["length", "lengths"])
def test_the_functions_of_the_docs_are_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The module in adding_a_model.md, as it stands there, named as `--model` names it."""
    import numpy as np

    from harness.models.registry import load_model
    from harness.types import Clip

    page = (ROOT / "docs" / "adding_a_model.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"<!-- tested: mine.py -->\n```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    model = load_model(f"mine:{name}", LoadOptions())
    del sys.modules["mine"]
    clips = [Clip(id=str(n), language="en", waveform=np.zeros(16_000 * n, np.float32)) for n in (1, 3)]
    said = model.text(model.infer(model.features(clips)))
    assert [hypothesis.text for hypothesis in said] == ["1 seconds", "3 seconds"]


def test_the_metric_of_the_docs_is_in_table_page_and_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file in adding_a_metric.md, as it stands there, put where it is to be put."""
    from harness.scoring import metrics

    page = (ROOT / "docs" / "adding_a_metric.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"<!-- tested: metric -->\n```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "left_out.py").write_text(source, encoding="utf-8")
    predictions = tmp_path / "MODEL_one_DATASET_voxpopuli_en_test.jsonl"
    predictions.write_text('{"text": "red green blue gray", "pred_text": "red gray"}\n', encoding="utf-8")
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path / "added")])
    metrics.metrics.cache_clear()
    try:
        assert main(["report", str(predictions), "--out", str(tmp_path / "r"), "--metric", "left_out"]) == 0
        assert main(["score", str(predictions), "--details"]) == 0
    finally:
        metrics.metrics.cache_clear()
        sys.modules.pop("harness.scoring.metrics.left_out", None)
    text = capsys.readouterr().out
    assert re.search(r"left out +50\.00 +– +percent +2 of 4", text)
    assert "reference words that were left out" in text
    assert '"voxpopuli_en_left_out": 0.5' in (tmp_path / "r" / "table.json").read_text(encoding="utf-8")
    assert "left out, percent" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")


def test_every_page_is_reached_from_the_index() -> None:
    reached, left = set[Path](), [ROOT / "docs" / "index.md"]
    while left:
        page = left.pop()
        reached.add(page)
        links = (
            re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")) if page.suffix == ".md" else []
        )
        found = {(page.parent / link).resolve() for link in links if "://" not in link}
        left += [one for one in found if one.is_file() and one not in reached and one not in left]
    pages = {path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".toml", ".yml"}}
    assert pages - reached == set()


def test_links_to_a_heading_lead_to_one() -> None:
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            text = (page.parent / target if target else page).read_text(encoding="utf-8")
            headings = [
                re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()) for line in text.splitlines() if line[:1] == "#"
            ]
            assert anchor in {heading.strip().replace(" ", "-") for heading in headings}, (
                f"{page.name}: {target}#{anchor}"
            )


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(words) == len({*words}) > 30
