"""The pictures of the documentation: all there, small, of made-up systems, drawn as now, and said what they show."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools import write_screenshots
from tools.made_up import write_systems

PAGE = Path(__file__).parents[2] / "docs" / "report.md"


@pytest.mark.parametrize("name", write_screenshots.names())
def test_a_picture_is_small_and_says_that_its_systems_do_not_exist(name: str) -> None:
    path = write_screenshots.FOLDER / name
    assert path.stat().st_size <= write_screenshots.MOST_BYTES
    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == ("PNG", "P")
        assert picture.info["Description"] == write_screenshots.DESCRIPTION
        assert picture.width <= write_screenshots.WIDTH


def test_the_page_says_what_each_shows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(images/([^)]+)\)", text))
    assert shown == set(write_screenshots.names())
    assert "do not exist" in text


def test_the_plots_are_those_that_are_drawn_now(tmp_path: Path) -> None:
    """Of three systems, but for what another font renderer does at edges."""
    made = dict(write_screenshots.plots_of(write_screenshots.write_report_of(3, tmp_path), 3))
    assert len(made) == len(write_screenshots.PLOTS)
    for name, data in made.items():
        pictures = [Image.open(write_screenshots.FOLDER / name), Image.open(io.BytesIO(data))]
        first, second = (np.asarray(picture.convert("L"), dtype=float) for picture in pictures)
        assert first.shape == second.shape, f"python -m tools.write_screenshots: {name}"
        assert abs(first - second).mean() < 4, f"python -m tools.write_screenshots: {name}"


def test_made_up_systems_are_always_the_same(tmp_path: Path) -> None:
    runs = [write_systems(tmp_path / name, 12, ["meetings"]) for name in "ab"]
    for one, other in zip(*runs, strict=True):
        for path in one.iterdir():
            assert path.read_bytes() == (other / path.name).read_bytes()
    models = {re.search(r'"id": "([^"]+)"', (run / "run.json").read_text())[1] for run in runs[0]}  # type: ignore[index]
    assert len(models) == 12
    assert all(model.startswith("made-up/") for model in models)


def test_a_picture_that_is_too_large_is_drawn_smaller() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1600, 1200, 3), dtype=np.uint8)
    data = write_screenshots.small(Image.fromarray(noise))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.width == 600
