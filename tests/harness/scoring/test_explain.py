"""Explanations: steps that sum, rules alone, interaction, utterances to blame; and the verb itself."""

from __future__ import annotations

import importlib.util
import itertools
import json
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.records import codec
from harness.records.explanation import Example, Explanation, Tally
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.explain import MEANING, average_effects, explain
from harness.scoring.normalize.chinese import ChineseRules
from harness.scoring.normalize.english import EnglishRules
from harness.scoring.normalize.multilingual import MultilingualRules
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.predictions import Predictions, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile, profile_names
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

APRIL, AUGUST, VERBATIM = (get_profile(name) for name in ("leaderboard@2026-04", "leaderboard@2026-08", "verbatim"))
DISTIL = "MODEL_distil-whisper-cpu_DATASET_librispeech_test.clean_raw.jsonl"


TEXTS = {
    "en": [("half past two oh well...", "2:30 oh well"), ("ah Stephen’s", "Steven's")],
    "hi": [("हिन्दी पाँच", "हिन्दी, पाच"), ("१२ किताबें", "12 किताबें")],
    "ja": [("今日は、いい。", "今日はいい"), ("ｱｲ", "アイ")],
    **({"zh": [("漢字 100%", "汉字百分之一百")]} if importlib.util.find_spec("wetext") else {}),
}


def exact(counts: ErrorCounts) -> Fraction:
    return Fraction(counts.errors, counts.words)


def total(one: Predictions, profile: Profile) -> ErrorCounts:
    return sum(count_predictions(one, profile).kept(), ErrorCounts())


def check_sums(found: Explanation, one: Predictions, first: Profile, second: Profile) -> None:
    """The steps lead from one rate to the other, and the single effects do with the interaction."""
    assert found.start == Tally.of(total(one, first))
    assert found.end == Tally.of(total(one, second))
    before = found.start.errors
    for step in found.steps:
        assert step.effect == pytest.approx(float(exact(step.errors) - exact(before)), abs=1e-15)
        assert (step.words, step.rate) == (step.errors.words, step.errors.rate)
        before = step.errors
    assert before == found.end.errors
    assert codec.decode(codec.encode(found), Explanation, "explanation") == found
    assert found.total is not None
    assert sum(step.effect or 0 for step in found.steps) == pytest.approx(found.total, abs=1e-15)
    assert found.interaction is not None
    assert sum(step.alone or 0 for step in found.steps) + found.interaction == pytest.approx(found.total, abs=1e-15)


def test_each_rule_is_a_step_with_its_own_effect() -> None:
    one = predictions(
        ("ah yes indeed", "yes indeed"),
        ("stephen came", "steven came"),
        ("the white paper today", "the whitepaper today"),
        ("nothing to see", "nothing to see"),
    )
    found = explain(one, APRIL, AUGUST)
    check_sums(found, one, APRIL, AUGUST)
    effects = {step.rule: step for step in found.steps}
    assert [*effects] == ["fillers", "possessives", "compounds", "spelling", "names", "acronyms", "merge_compounds"]
    assert found.start == Tally.of(ErrorCounts(8, 2, 2, 0))
    assert effects["fillers"].errors == ErrorCounts(8, 2, 1, 0)
    assert effects["names"].errors == ErrorCounts(9, 1, 1, 0)
    assert effects["merge_compounds"].errors == ErrorCounts(11, 0, 0, 0)
    assert [step.utterances_moved for step in found.steps] == [1, 0, 0, 0, 1, 0, 1]
    assert effects["fillers"].examples == (Example(change="ah -> (nothing)", times=1),)
    assert effects["names"].moves[0].id == "u1"
    assert effects["names"].moves[0].changes == ("stephen -> steven",)
    assert effects["merge_compounds"].moves[0].changes == ("white paper = whitepaper",)
    assert (effects["names"].before, effects["names"].after) == ("off", "on")


def test_contributions_of_utterances_add_up_to_the_effect() -> None:
    one = predictions(("ah yes", "yes"), ("um ah no", "no"), ("hm so ah be it", "so be a"), ("ok", "ok"))
    found = explain(one, APRIL, AUGUST, top=99)
    for step in found.steps:
        assert sum(move.contribution for move in step.moves) == pytest.approx(step.effect, abs=1e-12)
        assert len(step.moves) == step.utterances_moved


def test_two_rules_that_do_the_same_work_show_as_interaction() -> None:
    one = predictions(("e mail now", "email now"))
    found = explain(one, APRIL, AUGUST)
    check_sums(found, one, APRIL, AUGUST)
    alone = {step.rule: step.alone for step in found.steps}
    assert alone["compounds"] == alone["merge_compounds"] == found.total == pytest.approx(-2 / 3)
    assert found.interaction == pytest.approx(2 / 3)


def test_a_normalizer_that_is_new_comes_first_and_its_rules_build_on_it() -> None:
    one = predictions(("Ah, Stephen came.", "steven came"), ("IT'S IN THE WHITE PAPER", "it is in the whitepaper"))
    found = explain(one, VERBATIM, AUGUST)
    check_sums(found, one, VERBATIM, AUGUST)
    steps = {step.rule: step for step in found.steps}
    assert next(iter(steps)) == "normalizer"
    assert (steps["normalizer"].before, steps["normalizer"].after) == ("none", "Whisper's English")
    assert steps["possessives"].alone == 0
    back = explain(one, AUGUST, VERBATIM)
    check_sums(back, one, AUGUST, VERBATIM)
    assert [step.rule for step in back.steps] == ["normalizer", "merge_compounds", "drop_empty_references"]


def test_other_languages_have_their_own_rules() -> None:
    one = predictions(("der fuß ball 3", "der fußball drei"), ("Größe", "große"), language="de")
    found = explain(one, get_profile("card@2026-04"), AUGUST)
    check_sums(found, one, get_profile("card@2026-04"), AUGUST)
    assert [step.rule for step in found.steps] == ["normalizer", "compound_pairs", "merge_compounds"]
    assert explain(one, APRIL, APRIL).steps == ()


def test_languages_without_spaces_are_not_normalized() -> None:
    found = explain(predictions(("今日は", "今日わ"), language="ja"), APRIL, AUGUST)
    assert (found.metric, found.steps) == ("cer", ())
    assert found.start.errors == ErrorCounts(2, 1, 0, 0)


def test_a_row_that_the_normalizer_cannot_read_is_as_written_on_every_step() -> None:
    """Such a row was once left out of what a step changes, and counted all the same."""
    long = "9" * 4400
    one = predictions((f"{long} Ah, e mail", f"{long} e-mail"), ("the white paper", "the whitepaper"))
    found = explain(one, VERBATIM, AUGUST)
    check_sums(found, one, VERBATIM, AUGUST)
    assert found.start.errors == ErrorCounts(2, 2, 3, 0)
    assert [step.rule for step in found.steps if step.utterances_moved] == ["merge_compounds"]
    merging = next(step for step in found.steps if step.rule == "merge_compounds")
    assert [move.id for move in merging.moves] == ["u1"]
    assert merging.moves[0].changes == ("white paper = whitepaper",)
    only = explain(predictions((f"{long} to night", f"{long} tonight")), VERBATIM, AUGUST)
    merging = next(step for step in only.steps if step.rule == "merge_compounds")
    assert merging.moves[0].changes == ("to night = tonight",)


def test_no_words_have_no_effects() -> None:
    found = explain(predictions(("", "")), APRIL, AUGUST)
    assert (found.total, found.interaction) == (None, None)
    assert {step.effect for step in found.steps} == {None}
    with pytest.raises(ValueError, match="mine has no error rate"):
        average_effects([found])


def test_where_a_rule_leaves_no_words_there_is_no_effect() -> None:
    found = explain(predictions(("uh", "well")), VERBATIM, AUGUST)
    assert (found.start.rate, found.end.rate) == (1.0, None)
    assert (found.total, found.interaction) == (None, None)
    assert next(step for step in found.steps if step.rule == "normalizer").effect is None


@pytest.mark.parametrize(("words", "named"), [(250, True), (300, True), (301, False)])
def test_changes_are_named_in_texts_of_up_to_300_words(words: int, *, named: bool) -> None:
    """However often their words repeat: difflib takes what is frequent in long texts for junk unless told otherwise."""
    reference = " ".join(["stephen", *["yes", "no"] * 150][:words])
    found = explain(predictions((reference, reference.replace("stephen", "steven"))), APRIL, AUGUST)
    names = next(step for step in found.steps if step.rule == "names")
    assert names.utterances_moved == 1
    assert names.moves[0].changes == (("stephen -> steven",) if named else ())
    assert [example.change for example in names.examples] == (["stephen -> steven"] if named else [])


def test_average_effects_sum_to_the_difference_of_means() -> None:
    parts = [predictions(("ah yes", "yes")), predictions(("the white paper", "the whitepaper"), ("a", "b"))]
    found = [explain(one, APRIL, AUGUST) for one in parts]
    effects = average_effects(found)
    assert sum(effects.values()) == pytest.approx(sum(one.total or 0 for one in found) / 2)
    assert list(effects) == ["fillers", "possessives", "compounds", "spelling", "names", "acronyms", "merge_compounds"]


def test_distil_whisper_from_april_to_august(shared: Path) -> None:
    [system] = read_systems([shared / "predictions" / "raw" / DISTIL])
    found = explain(system.benchmarks[0], APRIL, AUGUST)
    check_sums(found, system.benchmarks[0], APRIL, AUGUST)
    assert (found.start.errors.errors, found.start.words) == (1943, 53027)
    assert (found.end.errors.errors, found.end.words) == (1688, 53004)
    assert [f"{100 * tally.rate:.2f}" for tally in (found.start, found.end) if tally.rate is not None] == [
        "3.66",
        "3.18",
    ]
    merging = found.steps[-1]
    assert merging.rule == "merge_compounds"
    assert merging.examples[0].change == "to night = tonight"
    assert found.steps[-2].errors.errors == 1930  # the official code's count without merging


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "MODEL_openai-whisper-large-v3_DATASET_librispeech_test.clean.jsonl"
    rows: list[dict[str, Any]] = [
        {
            "audio_filepath": f"1-2-{index:04d}",
            "text": "the white paper is here",
            "pred_text": "the whitepaper is \x1b[2J here",
        }
        for index in range(3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_verb_prints_steps_and_what_is_unexplained(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--against", "published"]) == 0
    printed = capsys.readouterr().out
    for text in (
        "merge_compounds",
        "interaction",
        "white paper = whitepaper",
        "left unexplained",
        "under the same rules",
        "other data (these are 3 of 2,620 utterances)",
    ):
        assert text in printed
    assert "\x1b" not in printed  # what a transcript says cannot steer the terminal


def test_verb_prints_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--against", "published", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)
    [one] = found["benchmarks"]
    assert found["model"] == "openai-whisper-large-v3"
    assert one["total"] == pytest.approx(sum(step["effect"] for step in one["steps"]))
    for figure in one["published"]:
        assert (figure["ours"] is None) == (figure["profile"] is None)
        if figure["ours"] is not None:
            assert figure["unexplained"] == pytest.approx(figure["value"] - figure["ours"])
    assert any(figure["profile"] == "leaderboard@2026-04" for figure in one["published"])


@pytest.mark.parametrize(("top", "count"), [("-1", 0), ("0", 0), ("2", 2)])
def test_verb_names_so_many_utterances(file: Path, capsys: pytest.CaptureFixture[str], top: str, count: int) -> None:
    """Each rule that moves one moves all three."""
    assert main(["explain", str(file), "--top", top, "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)
    moved = [step for step in found["benchmarks"][0]["steps"] if step["utterances_moved"]]
    assert {(step["utterances_moved"], len(step["moves"]), len(step["examples"])) for step in moved} == {
        (3, count, min(count, 1))
    }
    assert main(["explain", str(file), "--top", top, "--timeline", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)
    steps = [step for version in found["benchmarks"][0]["versions"] for step in version["steps"]]
    assert {len(step["moves"]) for step in steps if step["utterances_moved"]} == {count}


def test_verb_counts_what_failed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file)]) == 0
    assert "whisper-large-v3, 3 utterances, language en." in capsys.readouterr().out
    with file.open("a", encoding="utf-8") as rows:
        rows.write('{"text": "a", "pred_text": null}\n')
    assert main(["explain", str(file)]) == 0
    shown = " ".join(capsys.readouterr().out.split())  # a caption is wrapped where the terminal is narrow
    assert "4 utterances (1 of them failed, which are left out), language en." in shown


def test_verb_says_that_nothing_is_published(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--against", "published", "--model", "me/mine", "--top", "0"]) == 0
    assert "No published WER of me/mine on librispeech_test_clean." in capsys.readouterr().out


def test_verb_averages_several_benchmarks(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_name(file.name.replace("clean", "other"))
    other.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["explain", str(file.parent)]) == 0
    assert "average: leaderboard@2026-04 to leaderboard@2026-08" in capsys.readouterr().out


def test_verb_complains_about_unknown_profiles(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--to", "leaderboard@2026-008"]) == 2
    assert "did you mean 'leaderboard@2026-08'" in capsys.readouterr().err


def test_every_rule_has_a_meaning_and_a_place() -> None:
    kinds = (EnglishRules, MultilingualRules, UnicodeRules, ChineseRules, Profile)
    rules = {field.name for kind in kinds for field in fields(kind)}
    of_languages = {"english", "others", "unspaced", "chinese"}
    assert set(MEANING) == rules - {"name", *of_languages, "round_before_average"} | {"normalizer"}


def test_steps_lead_from_any_profile_to_any_other_in_every_language() -> None:
    """The last step's rules are those of the second profile, whatever kinds of normalizers the two have."""
    for language, texts in TEXTS.items():
        one = replace(predictions(*texts), language=language)
        for first, second in itertools.permutations(map(get_profile, profile_names()), 2):
            found = explain(one, first, second)
            assert (found.start, found.end) == (Tally.of(total(one, first)), Tally.of(total(one, second)))


def test_what_failed_is_left_out_and_counted() -> None:
    one = predictions(("a b", "a"), ("c", None))
    found = explain(one, APRIL, AUGUST)
    assert (found.utterances, found.failed, found.start.words) == (2, 1, 2)
