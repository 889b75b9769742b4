"""What `data check` finds of what was planted: in real corpora where they are, and in the project's recordings."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import datasets
from tools.plant_damage import DAMAGES, Kit, Row, check, compare, main, plant, read_rows, write

SETS = (
    "sample_read",
    "sample_commands",
    *(name for name in datasets() if name.startswith("sample_") and len(name) == 9),
)
"""All recordings that come with the project but for single digits."""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The project's recordings as files."""
    folder = tmp_path_factory.mktemp("recordings")
    rows = []
    for name in SETS:
        for one in open_dataset(datasets()[name], Request()):
            path = folder / f"{one.id}.flac"
            path.write_bytes(one.audio.read())
            rows.append(Row(one.id, one.reference, one.language, one.session, path))
    return rows


HARD = {"half the speed", "twice the speed", "wrong encoding", "cut off"}
"""Too few recordings of those that it takes; the real corpora have them."""


@pytest.mark.parametrize("part", range(4))
def test_each_damage_is_found_among_the_projects_recordings(part: int, embedded: list[Row], tmp_path: Path) -> None:
    names = [name for name in DAMAGES if name not in HARD][part::4]
    kit = Kit(random.Random(3), sorted(embedded, key=lambda row: -row.source.stat().st_size), [])
    made = [row for name in names for row in DAMAGES[name](kit, 1)]
    rows = [*kit.spare, *made]
    outcome = compare(rows, check(write(rows, tmp_path)))
    assert outcome.missed == []
    assert sum(outcome.found.values()) == len(names) == 6
    assert len(outcome.alarmed) <= 2


def test_real_corpora(shared: Path, tmp_path: Path) -> None:
    rows = plant(read_rows(shared / "corpora"), each=3, clean=600, seed=2)
    outcome = compare(rows, check(write(rows, tmp_path)))
    assert len(DAMAGES) >= 20
    whole = [kind for kind, count in outcome.planted.items() if outcome.found[kind] == count]
    assert len(whole) >= 24
    assert sum(outcome.found.values()) >= 82 > 0.97 * sum(outcome.planted.values())
    assert len(outcome.alarmed) <= 0.02 * outcome.clean
    assert outcome.clean >= 590


def test_what_is_planted_is_planted(embedded: list[Row]) -> None:
    kit = Kit(random.Random(1), list(embedded), [])
    (row,) = DAMAGES["opposite phase"](kit, 0)
    assert row.samples is not None
    np.testing.assert_array_equal(row.samples[:, 0], -row.samples[:, 1])
    (row,) = DAMAGES["empty reference"](kit, 1)
    assert row.reference == "  "


def test_the_command_prints_its_counts(embedded: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "corpora" / "one"
    folder.mkdir(parents=True)
    lines = []
    rng = np.random.default_rng(0)
    for copy in range(3):  # the command wants many recordings: these, a little quicker or slower
        for row in embedded:
            samples, rate = soundfile.read(row.source, dtype="float32")
            name = f"{row.id}_{copy}.wav"
            soundfile.write(folder / name, np.roll(samples, int(rng.integers(4_000))) * 0.9, rate)
            text = f"{row.reference} {copy}"
            lines.append({"id": name, "audio": name, "text": text, "language": row.language, "speaker": None})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main([str(tmp_path / "corpora"), "--each", "1", "--clean", "20"]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert json.loads(last)["planted"] == 28
