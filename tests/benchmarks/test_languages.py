"""Languages as people write them, and as the file names of known corpora tell them."""

import pytest

from benchmarks.languages import language_in, primary_subtag
from harness.errors import UsageError


@pytest.mark.parametrize(
    ("written", "subtag"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("English", "en"),
        ("de_DE", "de"),
        ("German", "de"),
        ("deutsch", "de"),
        ("zh-Hans-CN", "zh"),
        ("cmn_hans_cn", "zh"),
        ("zho", "zh"),
        ("Mandarin Chinese", "zh"),
        ("yue_hant_hk", "yue"),
        ("pt-br", "pt"),
        ("arb", "ar"),
        ("iw", "he"),
        ("nob", "nb"),
        ("ckb_iq", "ckb"),
        ("sr_Latn", "sr"),
        (" fr ", "fr"),
    ],
)
def test_languages_as_people_write_them(written: str, subtag: str) -> None:
    assert primary_subtag(written) == subtag


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("xx", "give a code or a name, such as en"),
        ("Germn", "did you mean 'german'?"),
        ("und", "did you mean"),
        ("", "give a code"),
        ("en us", "did you mean|give a code"),
        ("e", "did you mean|give a code"),
        ("en-", "did you mean|give a code"),
    ],
)
def test_what_is_no_language_is_refused(written: str, hint: str) -> None:
    with pytest.raises(UsageError, match=rf"--language {written!r} is no language that is known; .*({hint})"):
        primary_subtag(written)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("fleurs_cmn_hans_cn", "zh"),
        ("fleurs_hi_custom", "hi"),
        ("google-fleurs_de_de_test", "de"),
        ("fleurs_yue_hant_hk", "yue"),
        ("fleurs_ckb_iq", "ckb"),
        ("mls_polish_test", "pl"),
        ("mozilla-foundation-common_voice_17_0_ja_test", "ja"),
        ("common_voice_17_0_zh-TW", "zh"),
        ("cv17_nl", "nl"),
        ("covost2_en_de", "en"),
        ("aishell1_test", "zh"),
        ("ksponspeech_eval_clean", "ko"),
        ("fleurs_all", None),
        ("voxpopuli_raw", None),
        ("voxpopuli_test", None),
        ("calls_uk", None),
        ("gemma-3n-e4b-it", None),
        ("latency_100ms", None),
        ("he_said", None),
        ("recv_en", None),
    ],
)
def test_only_a_corpus_s_own_rule_tells_a_language(name: str, language: str | None) -> None:
    assert language_in(name) == language
