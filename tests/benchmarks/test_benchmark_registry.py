"""Names, aliases, foreign file names, and what the declarations may cost."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.registry import datasets, get_dataset, get_suite, identify, suites
from benchmarks.suite import parse_suite
from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

DESIGN_BENCHMARKS = [
    "librispeech_test_clean",
    "librispeech_test_other",
    "mls_en",
    "mls_de",
    "mls_pt",
    "mls_es",
    "mls_fr",
    "mls_it",
    "common_voice_15_en",
    "common_voice_15_de",
    "common_voice_15_pt",
    "common_voice_15_es",
    "common_voice_15_fr",
    "ami_ihm",
    "ami_sdm",
    "ami_cleaned",
    "earnings22",
    "earnings22_chunked",
    "earnings22_long",
    "earnings21_long",
    "gigaspeech",
    "gigaspeech_cleaned",
    "spgispeech",
    "tedlium",
    "tedlium_long",
    "voxpopuli_en",
    "voxpopuli_cleaned_aa",
    "fleurs_de",
    "fleurs_es",
    "fleurs_fr",
    "fleurs_it",
    "fleurs_pt",
    "mcv_de",
    "mcv_es",
    "mcv_fr",
    "mcv_it",
]

FOREIGN = {
    "hf-audio-esb-datasets-test-only-sorted_librispeech_test.clean": "librispeech_test_clean",
    "hf-audio-esb-datasets-test-only-sorted_librispeech_test.other.jsonl": "librispeech_test_other",
    "librispeech_test.clean_raw": "librispeech_test_clean",
    "openslr-librispeech_asr_clean_test": "librispeech_test_clean",
    "mozilla-foundation-common_voice_17_0_de_test": "common_voice_17_de",
    "mozilla-foundation-common_voice_17_0_ja_test": "common_voice_17_ja",
    "common_voice_15_pt_test": "common_voice_15_pt",
    "fleurs_fr_test": "fleurs_fr",
    "google-fleurs_es_419_test": "fleurs_es",
    "earnings21_full_test": "earnings21_long",
    "voxpopuli_en_test_150": "voxpopuli_en",
    "aishell1_test": "aishell1",
    "hf-audio-esb-datasets-test-only-sorted_ami_test": "ami_ihm",
    "hf-audio-open-asr-leaderboard_ami_cleaned_test": "ami_cleaned",
    "edinburghcstr-ami_sdm_test": "ami_sdm",
    "hf-audio-esb-datasets-test-only-sorted_earnings22_test": "earnings22",
    "ArtificialAnalysis-Earnings22-Cleaned-AA-chunked_default_test": "earnings22_chunked",
    "hf-audio-asr-leaderboard-longform_earnings22_test": "earnings22_long",
    "hf-audio-asr-leaderboard-longform_earnings21_test": "earnings21_long",
    "hf-audio-asr-leaderboard-longform_tedlium_test": "tedlium_long",
    "hf-audio-esb-datasets-test-only-sorted_tedlium_test": "tedlium",
    "hf-audio-open-asr-leaderboard_gigaspeech_cleaned_test": "gigaspeech_cleaned",
    "hf-audio-open-asr-leaderboard_gigaspeech_test": "gigaspeech",
    "hf-audio-open-asr-leaderboard_spgispeech_test": "spgispeech",
    "hf-audio-open-asr-leaderboard_voxpopuli_cleaned_aa_test": "voxpopuli_cleaned_aa",
    "hf-audio-open-asr-leaderboard_voxpopuli_test": "voxpopuli_en",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_mls_fr_test": "mls_fr",
    "facebook-multilingual_librispeech_german_test": "mls_de",
    "nithinraok-asr-leaderboard-datasets_mcv_de_test": "mcv_de",
    "VoiceArena-Monsoon_en_IN_test__test": "monsoon_en_in",
    "VoiceArena-Monsoon_hi_test__test": "monsoon_hi",
    "hf-audio-open-asr-leaderboard_urgent2024_test": "urgent2024",
    "hf-audio-open-asr-leaderboard_urgent2024_clean_test": "urgent2024_clean",
    "hf-audio-open-asr-leaderboard_urgent2024_nonblind_clean_test": "urgent2024_clean",
    "ArtificialAnalysis-Earnings22-Cleaned-AA-chunked__test": "earnings22_chunked",
    "hf-audio-open-asr-leaderboard_earnings22_cleaned_aa_chunked_test": "earnings22_chunked",
    "VoiceArena-HF_English_Private_Set__test": "voice_arena_private_en",
    "VoiceArena-HF_Hindi_Private_Set__test": "voice_arena_private_hi",
    "appen_conversational_segmented_filtered__american_003_test": "appen_conversational_us003",
    "appen_scripted_filtered__american_test": "appen_scripted_us",
    "dataocean_scripted_filtered__en_GB_test": "dataocean_scripted_gb",
    "bezzam-coraal_ATL_test": "coraal_atl",
    "bezzam-coraal_VLD_test": "coraal_vld",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_fleurs_nl_test": "fleurs_nl",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_mcv_nl_test": "mcv_nl",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_mls_nl_test": "mls_nl",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_fleurs_hy_test": "fleurs_hy",
    "hf-audio-open-asr-leaderboard-multilingual-datasets_mcv_hy_test": "mcv_hy",
    "google-fleurs_hy_am_test": "fleurs_hy",
    "fleurs_cmn_hans_cn_test": "fleurs_zh",
}


def test_every_benchmark_of_the_design_is_declared() -> None:
    assert set(DESIGN_BENCHMARKS) <= set(datasets())
    assert all(name == dataset.name for name, dataset in datasets().items())


@pytest.mark.parametrize(("file_part", "benchmark"), FOREIGN.items())
def test_foreign_file_names(file_part: str, benchmark: str) -> None:
    found = identify(file_part)
    assert found is not None
    assert found.name == benchmark


def test_a_benchmarks_own_id_is_itself_and_a_strange_name_is_nothing() -> None:
    for name, dataset in datasets().items():
        assert identify(name) is dataset
    assert identify("my_own_calls_2026") is None


def test_suites_and_their_aliases() -> None:
    assert {suite.name: len(suite.benchmarks) for suite in suites().values()} == {
        "open_asr@2026-04": 8,
        "open_asr@2026-05-20": 7,
        "open_asr@2026-06-24": 7,
        "open_asr@2026-07-07": 7,
        "open_asr@2026-07-24": 7,
        "open_asr@2026-08": 7,
        "open_asr@2026-08-28": 8,
        "granite_card@2026-04": 19,
        "family@2026-11": 19,
        "multilingual@2026-07": 13,
        "multilingual@2026-07-24": 13,
        "multilingual@2026-08-28": 14,
        "multilingual@2026-09-04": 17,
        "longform@2026-03": 3,
        "longform@2026-10": 10,
        "sample": 2,
        "sample_languages": 6,
        "digits": 1,
        "non_speech": 1,
    }
    assert get_suite("open_asr").name == "open_asr@2026-08-28"
    assert get_suite("open_asr").default_models == ("ibm-granite/granite-speech-4.1-2b-nar",)
    assert get_suite("sample").default_models == ("embedded",)
    assert get_suite("digits").default_models == ("tiny-nar",)
    others = {"sample_read", "sample_commands", "digits"}
    for suite in suites().values():
        assert set(suite.benchmarks) - others <= set(datasets()), suite.name


def test_a_lock_never_contradicts_the_facts_of_its_data_set() -> None:
    compared = 0
    for suite in suites().values():
        for name, lock in suite.lock.items():
            dataset = get_dataset(name)
            for field in ("rows", "hours", "words"):
                if getattr(lock, field) is not None:
                    stated = getattr(dataset, field)
                    assert getattr(lock, field) == pytest.approx(stated, abs=5e-5), (suite.name, name, field)
                    compared += 1
    assert compared > 20


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'librispeech_test_clean'"):
        get_dataset("librispeech_test.clean")
    with pytest.raises(UsageError, match="no suite called 'open_asrr'; did you mean 'open_asr'"):
        get_suite("open_asrr")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "Invalid value"),
        ('name = "a"\nprofile = "p"\nbenchmarks = []', "no benchmarks"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b"]\ncolour = 1', "colour"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b"]\n[lock.c]\nrows = 1', "lock for c"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b"]\n[lock.b]\nrowz = 1', "rowz"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b"]\n[lock.b]\nrows = "1"', r"got `str` - at `\$\.lock.*rows`"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b", "c", "b"]', "b is listed twice"),
        ('name = "a"\nprofile = "p"\nbenchmarks = "b"', r"at `\$\.benchmarks`"),
        ('name = "../a"\nprofile = "p"\nbenchmarks = ["b"]', r"at `\$\.name`"),
        ('name = "a"\nprofile = "p"\nbenchmarks = ["b"]\naverage = "median"', r"at `\$\.average`"),
        ('name = "a"\nbenchmarks = ["b"]', "missing required field `profile`; its keys are name, profile"),
        ("a = " + "[" * 3_000, "recursion"),
    ],
)
def test_a_broken_suite_file_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^suite file x.toml: .*{message}"):
        parse_suite(text, "x.toml")


OWN = 'name = "mine@1"\nprofile = "card@2026-04"\nbenchmarks = ["digits", "sample_read"]\n'


def test_a_suite_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("./mine.toml", "mine.toml", str(tmp_path / "mine.toml")):
        assert get_suite(name) == parse_suite(OWN, name)
    assert "mine@1" not in suites()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"name = \xff", "cannot be read ('utf-8' codec can't decode byte 0xff"),
        (b"name = ", "Invalid value (at end of document); its keys are name, profile, benchmarks"),
        (OWN.replace("digits", "digitz").encode(), "no benchmark called 'digitz'; did you mean 'digits'?"),
        (OWN.replace("mine@1", "open_asr").encode(), "a suite called 'open_asr' comes with the program"),
        (f'aliases = ["sample"]\n{OWN}'.encode(), "a suite called 'sample' comes with the program"),
    ],
)
def test_a_users_suite_that_cannot_be_used_is_one_line(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "mine.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError) as failure:
        get_suite(str(path))
    assert str(failure.value).startswith(f"suite file {path}: {message}")


def test_declarations_import_nothing_heavy() -> None:
    script = (
        "import sys; from benchmarks.registry import datasets, suites, identify;"
        "datasets(); suites(); identify('fleurs_fr_test');"
        "heavy = ('torch', 'datasets', 'pandas', 'pyarrow', 'huggingface_hub', 'soundfile', 'ijson');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_has_no_original_says_why() -> None:
    for dataset in datasets().values():
        has_original = any(source.kind in {"archive", "embedded"} for source in dataset.sources)
        assert has_original == (not dataset.missing), dataset.name
