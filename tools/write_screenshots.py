"""Draws the pictures of docs/report.md: `python -m tools.write_screenshots [--counts 3,10,40,90]`.

All are of systems that do not exist (`tools.made_up`), which each picture says in its names and its description. The
page is opened in Chromium (`playwright` and a `chromium` on the path); where that is absent, its pictures stay as they
are, and that is said.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import main as run_program
from tools.made_up import write_systems

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
COUNTS = (3, 10, 40, 90)
"""Systems in a picture."""
PLOTS = ("rtfx_wer", "wer", "wer_by_benchmark", "wer_by_length", "phases")
"""The plots of a report, by the names of their files."""
VIEWS = {
    "page_desktop": (1280, 900, "light", "utterances"),
    "page_phone": (390, 844, "light", "utterances"),
    "page_dark": (1280, 900, "dark", "utterances"),
}
"""Pictures of the page of ten systems: width, height, color scheme, and what is at the top."""
MOST_BYTES = 280_000
"""Of a picture."""
WIDTH = 1000
"""Pixels that a picture is wide at most."""
DESCRIPTION = "Systems that do not exist, drawn by tools/write_screenshots.py"


def names(counts: Sequence[int] = COUNTS) -> list[str]:
    """Every picture, by its file's name."""
    plots = [f"report_{plot}_{count}.png" for plot in PLOTS for count in counts]
    return [*plots, *(f"report_page_{count}.png" for count in counts), *(f"{view}.png" for view in VIEWS)]


def write_report_of(count: int, where: Path) -> Path:
    """The report over so many systems; returns its folder."""
    runs = write_systems(where / "runs", count)
    out = where / "report"
    if run_program(["report", *map(str, runs), "--out", str(out), "--quiet"]):
        raise RuntimeError(f"the report over {count} systems failed")
    return out


def small(picture: Image) -> bytes:
    """A picture as a PNG with a palette, as small as the documentation needs it."""
    from PIL import Image as Images
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_text("Description", DESCRIPTION)
    picture = picture.convert("RGB")
    for width, colors in ((WIDTH, 128), (800, 128), (700, 128), (700, 64), (600, 32)):
        size = (min(width, picture.width), round(picture.height * min(1.0, width / picture.width)))
        shrunk = picture.resize(size, Images.Resampling.LANCZOS)
        packed = io.BytesIO()
        # By how often colors occur: the one that covers the most of them turns shades of a grid into others.
        packed_colors = shrunk.quantize(colors, method=Images.Quantize.MEDIANCUT, dither=Images.Dither.NONE)
        packed_colors.save(packed, "PNG", optimize=True, pnginfo=said)
        if len(packed.getvalue()) <= MOST_BYTES:
            break
    return packed.getvalue()


def plots_of(report: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """The plots of a report, each with its file's name."""
    from PIL import Image as Images

    for plot in PLOTS:
        with Images.open(report / f"{plot}.png") as picture:
            yield f"report_{plot}_{count}.png", small(picture)


def pages_of(report: Path, count: int, browser: Any) -> Iterator[tuple[str, bytes]]:
    """Pictures of a report's page."""
    views = {f"report_page_{count}": (1280, 900, "light", "scatter")} | (VIEWS if count == 10 else {})
    for name, (width, height, scheme, top) in views.items():
        tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        tab.goto((report / "index.html").resolve().as_uri())
        tab.wait_for_selector("body[data-ready]")
        tab.evaluate(f"document.getElementById({top!r}).scrollIntoView()")
        yield f"{name}.png", small(_opened(tab.screenshot()))
        tab.close()


def _opened(data: bytes) -> Image:
    from PIL import Image as Images

    return Images.open(io.BytesIO(data))


def main(arguments: Sequence[str]) -> int:
    """Draws them all, or those of some counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)), help="systems in the pictures")
    counts = [int(count) for count in parser.parse_args(arguments).counts.split(",")]
    chromium = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    for count in counts:
        with tempfile.TemporaryDirectory() as where:
            report = write_report_of(count, Path(where))
            pictures = dict(plots_of(report, count))
            if chromium is None:
                print("no Chromium here: the pictures of the page stay as they are")
            else:
                from playwright.sync_api import sync_playwright

                with sync_playwright() as driver:
                    browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                    pictures |= pages_of(report, count, browser)
                    browser.close()
        for name, data in pictures.items():
            (FOLDER / name).write_bytes(data)
            print(f"{FOLDER / name}: {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
