"""docs/models.md agrees with `list models`, row by row, and with what the adapters declare."""

import json
import re

import pytest

from harness.cli import main
from harness.commands.list import NOT_RUN
from harness.models.registry import adapters
from tools import write_models


def cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip("|\n"))  # a bar inside a cell is escaped
    return [re.sub(r"\\([#_|])", r"\1", part.strip()) for part in parts]


def page() -> list[dict[str, str]]:
    text = write_models.PAGE.read_text(encoding="utf-8").partition(write_models.MARK)[2]
    table = text.replace("<!-- -->", "").strip().splitlines()  # which keeps names of files from being links
    head = cells(table[0])
    return [dict(zip(head, cells(line), strict=True)) for line in table[2:]]


def test_the_page_is_up_to_date() -> None:
    assert write_models.main(["--check"]) == 0, "run `python -m tools.write_models`"


def test_it_agrees_with_list_models(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "models", "--json"])
    listed = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    shown = {row["model"]: row for row in page()}
    assert list(shown) == list(listed)
    for name, row in listed.items():
        assert shown[name]["what"] == row["what"]
        assert shown[name]["run here"] == row["run here"]
        assert all(hub in shown[name]["hub"] for hub in row["hub"])
        assert all(figures.split(": ", 1)[1] in shown[name]["hub"] for figures in row["published"])
        assert shown[name]["options"] == ", ".join(row["options"])
        assert shown[name]["extra"] == (row["extra"] or "–")


def test_every_adapter_and_family_has_a_row_that_says_what_was_run() -> None:
    wanted = {adapter.card.id if adapter.card else adapter.name: adapter.tried for adapter in adapters().values()}
    for adapter in adapters().values():
        wanted |= {f"{adapter.name}: {one.name}": one.tried for one in adapter.listed()}
    assert {row["model"]: row["run here"] for row in page()} == {
        name: tried or NOT_RUN for name, tried in wanted.items()
    }
    assert len(wanted) > 40


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(write_models, "markdown", lambda _what: "| model |\n")
    assert write_models.main(["--check"]) == 1
    assert "not up to date" in capsys.readouterr().out
