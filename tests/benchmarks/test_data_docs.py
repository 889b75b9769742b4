"""The pages on data say what is so: their examples run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks import corpora, registry
from benchmarks.dataset import Request, open_dataset
from benchmarks.own.columns import NAMES
from benchmarks.own.dataset import own_dataset
from benchmarks.own.recognize import forms
from harness.errors import UsageError
from tests.benchmarks.layouts import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are corpora too, for as long as the test runs."""
    monkeypatch.setattr(corpora, "__path__", [*corpora.__path__, str(tmp_path)])
    registry.datasets.cache_clear()
    yield tmp_path
    registry.datasets.cache_clear()


def test_a_new_file_is_a_new_benchmark(extra: Path) -> None:
    (extra / "harbor_radio.py").write_text(blocks("adding_a_data_set.md", "python")[0], encoding="utf-8")
    dataset = registry.get_dataset("harbor_radio")
    assert dataset.sources[0].name == "hub:example/harbor-radio default/test"
    found = registry.identify("somebody-harbor_radio_test")
    assert found is dataset
    entry = dataset.sources[0].open.args[0].entry({"id": "a-1", "text": "Ahoy.", "call": "a"})  # type: ignore[attr-defined]
    assert (entry.id, entry.reference, entry.session) == ("a-1", "Ahoy.", "a")


def test_two_data_sets_of_one_name_are_refused(extra: Path) -> None:
    text = blocks("adding_a_data_set.md", "python")[0].replace('"harbor_radio"', '"spgispeech"')
    (extra / "zz_again.py").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"two data sets are called 'spgispeech'; rename the one in .*zz_again"):
        registry.datasets()


def test_the_manifests_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio/call_17_03.wav", [0.0] * 8_000, 8_000)
    for kind, name in (("json", "calls.jsonl"), ("csv", "calls.csv")):
        (tmp_path / name).write_text(blocks("your_own_data.md", kind)[0], encoding="utf-8")
        (found,) = open_dataset(own_dataset(tmp_path / name), Request())
        assert (found.reference, found.session) == ("good morning, how can I help you", "call_17")
        assert found.duration == 1.0
    assert json.loads(blocks("your_own_data.md", "json")[0])["id"] == "call_17_03"


def test_the_suite_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "calls_and_talks.toml").write_text(blocks("your_own_data.md", "toml")[0], encoding="utf-8")
    assert registry.get_suite(str(tmp_path / "calls_and_talks.toml")).benchmarks == ("earnings22_chunked", "tedlium")


def test_the_columns_on_the_page_are_those_that_are_read() -> None:
    page = (ROOT / "docs/your_own_data.md").read_text(encoding="utf-8")
    for role, names in NAMES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{role}`"))
        assert re.findall(r"`(\w+)`", line.rsplit("|", 2)[0]) == list(names)


def test_every_form_is_on_the_page_once() -> None:
    page = (ROOT / "docs/your_own_data.md").read_text(encoding="utf-8")
    table = page.partition("| form | `--form` |")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[2])]
    assert sorted(names) == sorted(forms())


def test_every_original_release_is_on_the_page() -> None:
    page = (ROOT / "docs/data_sets.md").read_text(encoding="utf-8")
    families = {
        re.sub(r"_(..|test_clean|test_other|long|ihm|sdm|mix|atl|dc[ab]|dta|les|prv|roc|vld)$", "", dataset.name)
        for dataset in registry.datasets().values()
        if any(source.kind == "archive" for source in dataset.sources)
        and dataset.target is None  # pairs of FLEURS are read from FLEURS's own releases
    }
    table = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(families) == 13
    for family in families:
        assert any(f"`{family}" in line for line in table), family
