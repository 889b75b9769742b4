"""Published figures: the files keep the schema, hold what their sources hold, and are found under any name."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.registry import get_suite
from harness.errors import DataError
from harness.reporting import published
from harness.reporting.published import COLUMNS, Figure, canonical_model, find, published_figures
from tools.import_leaderboard import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SOURCES = Path(os.environ.get("ASR_TEST_DATA", ROOT.parent / "shared")) / "published"
NAR = "ibm-granite/granite-speech-4.1-2b-nar"

with_sources = pytest.mark.skipif(not SOURCES.is_dir(), reason=f"no leaderboard tables in {SOURCES} (ASR_TEST_DATA)")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    published.published_figures.cache_clear()


def source_table(name: str) -> list[dict[str, str]]:
    with (SOURCES / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_granite_card_has_its_nineteen_rows_and_its_speed() -> None:
    card = find(NAR, metric="wer", profile="card@2026-04")
    assert {one.benchmark for one in card} == set(get_suite("granite_card").benchmarks)
    assert len(card) == 19
    assert sum(round(one.value * 100) for one in card) == 11688
    (speed,) = [one for one in find(NAR, metric="rtfx") if one.batch is not None]
    assert (speed.value, speed.hardware, speed.batch, speed.benchmark) == (1820, "1x H100", 128, None)


@pytest.mark.parametrize(
    ("model", "average"),
    [(NAR, 5.44), ("ibm-granite/granite-speech-4.1-2b", 5.33), ("ibm-granite/granite-speech-4.1-2b-plus", 5.71)],
)
def test_granite_averages_are_those_of_their_rows(model: str, average: float) -> None:
    suite = get_suite("open_asr@2026-04")
    rows = {one.benchmark: one.value for one in find(model, metric="wer", suite=suite.name)}
    assert rows.pop("average") == average
    assert set(rows) == set(suite.benchmarks)
    assert round(sum(rows.values()) / len(rows), 2) == average


def test_turboctc_and_the_autoregressive_model_have_their_speed() -> None:
    assert [one.value for one in find("ibm-granite/granite-speech-5.0-470m-turboctc", "average", "wer")] == [5.0]
    (turbo,) = find("ibm-granite/granite-speech-5.0-470m-turboctc", metric="rtfx")
    assert (turbo.value, turbo.hardware) == (12600, "1x H200")
    assert "in excess of" in turbo.source
    assert [one.value for one in find("ibm-granite/granite-speech-4.1-2b", metric="rtfx")] == [231.29]


def test_a_rate_is_a_fraction_and_the_newest_comes_first() -> None:
    found = find("ibm-granite/granite-speech-4.1-2b-nar", "ami_ihm", "wer")
    assert [(one.profile, one.value) for one in found] == [("leaderboard@2026-04", 8.03), ("card@2026-04", 7.91)]
    assert found[0].rate == pytest.approx(0.0803)
    assert find(NAR, metric="rtfx")[0].rate == find(NAR, metric="rtfx")[0].value
    assert find("nobody/nothing") == []
    shares = [Figure(model="m", metric=metric, value=14.6, source="s").rate for metric in sorted(published.METRICS)]
    assert shares == [0.146, 14.6, 0.146, 14.6, 0.146, 14.6, 0.146, 0.146], "those in percent, and no other"


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("openai-whisper-large-v3", "openai/whisper-large-v3"),
        ("OpenAI/Whisper-Large-v3", "openai/whisper-large-v3"),
        ("openai--whisper-large-v3", "openai/whisper-large-v3"),
        ("ibm-granite--granite-speech-4.1-2b-nar", NAR),
        ("ibm-granite-granite-speech-4.1-2b-nar", NAR),
        ("ibm-granite-granite-speech-4.1-2b-NAR", NAR),
        ("stt_en_conformer_transducer_small", "nvidia/stt_en_conformer_transducer_small"),
        ("ibm-granite-granite-speech-3.3-8b", "ibm-granite/granite-speech-3.3-8b"),
        ("nvidia-canary-1b", "nvidia/canary-1b"),
        ("nvidia-canary-1b-flash", "nvidia/canary-1b-flash"),
        ("my/own model", "my/own model"),
        ("transcripts:/any/where/ibm-granite--granite-speech-4.1-2b-nar.jsonl", NAR),
        ("transcripts:any/ibm-granite-granite-speech-4.1-2b-nar", NAR),
        ("transcripts:mine.jsonl", "transcripts:mine.jsonl"),
    ],
)
def test_ids_as_others_write_them(written: str, model: str) -> None:
    assert canonical_model(written) == model


def test_no_two_models_are_written_alike() -> None:
    models = {one.model for one in published_figures()}
    assert len(models) > 90
    assert len({model.replace("/", "-").casefold() for model in models}) == len(models)
    assert all("/" in model for model in models)


@with_sources
def test_our_files_are_what_the_importer_makes_of_the_sources() -> None:
    made = tables(SOURCES)
    assert set(made) == {path.name for path in published.FOLDER.glob("leaderboard_*.csv")}
    for name, text in made.items():
        assert (published.FOLDER / name).read_text(encoding="utf-8") == text, f"run tools.import_leaderboard: {name}"


@with_sources
@pytest.mark.parametrize("source", ["en_shortform.csv", "en_shortform_25032026.csv"])
def test_every_cell_of_the_english_table_is_found(source: str) -> None:
    columns = {
        "Avg. WER": "average",
        "AMI WER": "ami_ihm",
        "Earnings22 WER": "earnings22",
        "Gigaspeech WER": "gigaspeech",
        "LS Clean WER": "librispeech_test_clean",
        "LS Other WER": "librispeech_test_other",
        "SPGISpeech WER": "spgispeech",
        "Tedlium WER": "tedlium",
        "Voxpopuli WER": "voxpopuli_en",
    }
    cells = 0
    for row in source_table(source):
        for column, benchmark in columns.items():
            found = [one.value for one in find(row["model"], benchmark, "wer") if "en_shortform" in one.source]
            assert found == ([] if row[column] in ("", "-1") else [float(row[column])]), (row["model"], column)
            cells += len(found)
        speed = [one.value for one in find(row["model"], "average", "rtfx") if "en_shortform" in one.source]
        assert speed == ([] if row["RTFx"] in ("", "-1") else [pytest.approx(float(row["RTFx"]))])
    assert cells > 700


@with_sources
@pytest.mark.parametrize(("source", "count"), [("multilingual.csv", 30), ("multilingual_25032026.csv", 29)])
def test_every_cell_of_the_multilingual_table_is_found(source: str, count: int) -> None:
    rows = source_table(source)
    for row in rows:
        for column in row:
            language, _, corpus = column.partition("_")
            if corpus in ("covost", "fleurs", "mls"):
                name = f"{'mcv' if corpus == 'covost' else corpus}_{language}"
                found = find(row["model"], name, "wer", suite="multilingual@2026-07")
                assert [one.value for one in found] == [float(row[column])]
    assert len(rows) == count


@with_sources
def test_the_unmerged_table_keeps_only_what_was_run_again() -> None:
    mine = [one for one in published_figures() if "pull/191" in one.source]
    models = {one.model for one in mine}
    assert "nvidia/parakeet-tdt-0.6b-v3" in models
    assert "elevenlabs/scribe_v1" not in models
    assert {one.profile for one in mine} == {one.date for one in mine} == {None}
    (speed,) = [one for one in mine if one.model == "nvidia/parakeet-tdt-0.6b-v3" and one.metric == "rtfx"]
    assert (speed.value, speed.hardware) == (1421.81, "1x H200")


@with_sources
def test_the_importer_runs_as_its_help_says() -> None:
    command = [sys.executable, "-m", "tools.import_leaderboard", str(SOURCES), "--print"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.count(",".join(COLUMNS)) == 4


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from harness.reporting.published import published_figures; published_figures();"
        "print([name for name in ('torch', 'pandas', 'matplotlib', 'datasets', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


GOOD = "a/b,ami_ihm,wer,8.03,card@2026-04,open_asr@2026-04,https://x,2026-04,1x H100,128"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (",ami_ihm,wer,8.03,,,https://x,,,", "line 2: model is empty"),
        ("a/b,ami_ihm,wer,8.03,,,,,,", "line 2: source is empty"),
        ("a/b,ami_ihm,wer,,,,https://x,,,", "line 2: value is empty"),
        ("a/b,ami_ihm,wer,-1,,,https://x,,,", "line 2: value '-1' is not a number of zero or more"),
        ("a/b,ami_ihm,wer,nan,,,https://x,,,", "line 2: value 'nan'"),
        ("a/b,ami_ihm,wer,8.0.3,,,https://x,,,", r"line 2: value '8\.0\.3'"),
        ("a/b,ami_ihm,werr,8.03,,,https://x,,,", "line 2: no metric is called 'werr'"),
        ("a/b,ami,wer,8.03,,,https://x,,,", "line 2: no benchmark is called 'ami'"),
        ("a/b,ami_ihm,wer,8.03,card,,https://x,,,", "line 2: no profile is called 'card'"),
        ("a/b,ami_ihm,wer,8.03,,open_asr,https://x,,,", "line 2: no suite is called 'open_asr'"),
        ("a/b,ami_ihm,wer,8.03,,,https://x,April 2026,,", "line 2: date 'April 2026' is not YYYY-MM-DD"),
        ("a/b,ami_ihm,wer,8.03,,,https://x,,,12.5", "line 2: batch '12.5' is not a whole number"),
        ("a/b,ami_ihm,wer,8.03", "line 2: 4 cells where there are 10 columns"),
        ('a/b,"ami', "cannot be read"),
        (f"{GOOD}\n{GOOD}", "line 3 states what .*line 2 states"),
    ],
)
def test_what_breaks_the_schema_is_told_with_its_place(line: str, message: str, folder: Path) -> None:
    (folder / "mine.csv").write_text(",".join(COLUMNS) + f"\n{line}\n")
    with pytest.raises(DataError, match=message):
        published_figures(folder)


def test_a_good_row_a_wrong_header_and_bytes_that_are_no_text(folder: Path) -> None:
    (folder / "mine.csv").write_text(",".join(COLUMNS) + f"\n{GOOD}\n")
    (figure,) = published_figures(folder)
    assert figure == Figure(
        model="a/b",
        benchmark="ami_ihm",
        metric="wer",
        value=8.03,
        profile="card@2026-04",
        suite="open_asr@2026-04",
        source="https://x",
        date="2026-04",
        hardware="1x H100",
        batch=128,
    )
    published.published_figures.cache_clear()
    (folder / "mine.csv").write_text(",".join(COLUMNS) + f"\n{GOOD.replace('8.03', '0')}\n")
    assert [one.value for one in published_figures(folder)] == [0.0], "nothing wrong at all is a figure"
    for content, message in ((b"model,value\n", "the header is 'model,value'"), (b"\xff\xfe", "cannot be read")):
        published.published_figures.cache_clear()
        (folder / "mine.csv").write_bytes(content)
        with pytest.raises(DataError, match=message):
            published_figures(folder)
