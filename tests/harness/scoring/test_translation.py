"""BLEU, chrF++ and TER: equal to sacrebleu's corpus scores, with intervals that repeat, from files to tables."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sacrebleu

from harness.cli import main
from harness.commands.compare import slice_tables, tables
from harness.errors import DataError, UsageError
from harness.perturb.names import joined, named
from harness.progress import Tally
from harness.records.journal import Line
from harness.reporting.results import results_table
from harness.reporting.robustness import robustness_table
from harness.scoring import resampling, translation
from harness.scoring.comparison import compare_systems
from harness.scoring.metrics import get_metric, measure
from harness.scoring.per_utterance import utterance_scores
from harness.scoring.predictions import Predictions, System, read_systems
from harness.scoring.profiles import built_in_profile
from harness.scoring.robustness import gaps
from harness.scoring.rows import read_rows
from harness.scoring.score import score_systems
from harness.scoring.scored import Scored, count_predictions
from harness.scoring.sliced import sliced
from tests.harness.scoring.made import line

PROFILE = built_in_profile("leaderboard@2026-08")
WORDS = "The the a cat, dog. sat on it's well-known 3,000 Häuser! über ’tis (so) ? a the cat".split()  # noqa: SIM905


KINDS: tuple[translation.Kind, ...] = ("bleu", "chrf", "ter")


def text(draw: random.Random, least: int = 0) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randrange(least, 12)))


def theirs(hypotheses: list[str], references: list[str]) -> dict[str, float]:
    return {
        "bleu": sacrebleu.corpus_bleu(hypotheses, [references]).score,
        "chrf": sacrebleu.corpus_chrf(hypotheses, [references], word_order=2).score,
        "ter": sacrebleu.corpus_ter(hypotheses, [references]).score,
    }


def scored(hypotheses: list[str], references: list[str], target: str = "en", sessions: int = 7) -> Scored:
    rows = [
        line(f"u{at}", reference, hypothesis, target=target, session=f"s{at % sessions}", language="de")
        for at, (hypothesis, reference) in enumerate(zip(hypotheses, references, strict=True))
    ]
    return count_predictions(Predictions(benchmark="b", language="de", rows=rows, source=Path("b")), PROFILE)


def system(name: str, hypotheses: list[str], references: list[str], **more: Any) -> System:
    return System(model=name, benchmarks=[scored(hypotheses, references, **more).predictions])


def noisy(draw: random.Random, texts: list[str], share: float) -> list[str]:
    return [" ".join(draw.choice(WORDS) if draw.random() < share else word for word in one.split()) for one in texts]


@pytest.fixture(scope="module")
def references() -> list[str]:
    draw = random.Random(2)
    return [text(draw, 4) for _ in range(60)]


def test_a_thousand_random_corpora_have_sacrebleu_s_own_scores_to_the_last_digit() -> None:
    draw = random.Random(1)
    for _ in range(1000):
        references = [text(draw, 1) for _ in range(draw.randrange(1, 5))]
        hypotheses = [text(draw) if draw.random() < 0.5 else one for one in references]
        expected = theirs(hypotheses, references)
        for kind in KINDS:
            rows = translation.statistics(kind, hypotheses, references, "en")
            sums = [sum(column) for column in zip(*rows, strict=True)]
            assert (translation.score(kind, sums) or 0.0) == expected[kind], (kind, hypotheses, references)


def test_the_metrics_are_those_scores_with_their_signatures(references: list[str]) -> None:
    hypotheses = noisy(random.Random(3), references, 0.2)
    held = scored(hypotheses, references)
    for name, expected in theirs(hypotheses, references).items():
        found = measure(get_metric(name), held.utterances(), PROFILE, "de")
        assert found is not None
        assert found.value == expected
        assert found.signature is not None
        assert found.signature.endswith(f"version:{sacrebleu.__version__}")
        assert found.interval is not None
        assert found.interval.low < expected < found.interval.high
        assert found.interval.method == "bootstrap of sessions, 1,000 draws, seed 12345"
        assert found.interval.sessions == 7
    assert translation.signature("bleu", "en").startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp")
    assert "tok:zh" in translation.signature("bleu", "zh")
    assert "nw:2" in translation.signature("chrf", "en")


def test_intervals_are_percentiles_of_drawn_sessions() -> None:
    """A slow twin: every draw put together utterance by utterance."""
    rows = [(float(at % 5), 3.0 + at % 2) for at in range(12)]
    sessions = [f"s{at % 6}" if at < 10 else None for at in range(12)]
    units = [[at for at in range(12) if sessions[at] == f"s{unit}"] for unit in range(6)] + [[10], [11]]
    units = [unit for unit in units if unit]
    times = np.random.default_rng(12345).multinomial(len(units), np.full(len(units), 1 / len(units)), size=1000)
    values = []
    for draw in times:
        taken = [rows[at] for unit, count in zip(units, draw, strict=True) for _ in range(count) for at in unit]
        values.append(sum(one[0] for one in taken) / sum(one[1] for one in taken))
    found = resampling.interval(rows, sessions, lambda sums: sums[0] / sums[1])
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    assert found.standard_error == pytest.approx(np.std(values, ddof=1))


def test_under_five_sessions_there_is_no_interval() -> None:
    assert resampling.interval([(1.0, 2.0)] * 8, ["a", "b", "c", "d"] * 2, lambda sums: sums[0] / sums[1]) is None


def test_two_systems_differ_by_the_same_figures_every_time(references: list[str]) -> None:
    good, bad = (noisy(random.Random(4), references, share) for share in (0.1, 0.4))
    first, again = (
        compare_systems([system("good", good, references), system("bad", bad, references)], PROFILE) for _ in range(2)
    )
    assert first == again
    assert first.benchmarks == ()
    assert first.average is None
    assert [block.metric for block in first.metrics] == ["bleu", "chrf", "ter"]
    for block in first.metrics:
        (pair,) = block.pairs
        assert pair.difference is not None
        better = theirs(good, references)[block.metric] - theirs(bad, references)[block.metric]
        assert pair.difference.value == pytest.approx(better)
        assert pair.difference.p == pytest.approx(1 / 1001)
        assert block.systems[0].system == "good"
        assert (block.systems[0].tied_with_best, block.systems[1].tied_with_best) == (True, False)
    shown = [one.render("terminal", width=120) for one in tables(first)]
    assert len(shown) == 3
    assert all("A is better" in one for one in shown)
    assert not any("WER" in one for one in shown)


def tagged(name: str, good: str) -> System:
    """A system that is right for one accent, ten sessions of four utterances."""
    accents = ["uk" if at % 2 else "us" for at in range(40)]
    rows = [
        line(f"u{at}", "a b c d e", "a b c d e" if accent == good else "x", target="en", session=f"s{at % 10}",
             language="de", tags={"accent": accent})
        for at, accent in enumerate(accents)
    ]  # fmt: skip
    return System(model=name, benchmarks=[Predictions(benchmark="b", language="de", rows=rows, source=Path("b"))])


def test_translations_are_compared_by_a_tag(references: list[str]) -> None:
    found = compare_systems([tagged("A", "uk"), tagged("B", "us")], PROFILE, slices=["accent"])
    [block] = found.slices
    assert [(one.benchmark, one.metric, one.utterances) for one in block.values] == [
        ("us", "bleu", 20), ("uk", "bleu", 20),
    ]  # fmt: skip
    for one in block.values:
        rates = {each.system: each.rate for each in one.systems}
        assert rates == {
            "A": pytest.approx(100 * (one.benchmark == "uk")),
            "B": pytest.approx(100 * (one.benchmark == "us")),
        }
        assert one.pairs[0].p_holm == pytest.approx(2 / 1001)
    [shown] = slice_tables(found)
    assert (shown.columns[0].title, shown.columns[1].scale) == ("accent", 1)
    assert {row[0].value: row[1].value for row in shown.rows} == {"us": 0.0, "uk": pytest.approx(100)}
    with pytest.raises(UsageError, match="no tag called 'accentt'; did you mean 'accent'"):
        compare_systems([tagged("A", "uk"), tagged("B", "us")], PROFILE, slices=["accentt"])


def test_why_a_score_by_a_tag_has_no_table_is_said() -> None:
    held, told = [count_predictions(tagged("A", "uk").benchmarks[0], PROFILE)], list[str]()
    assert sliced(["A"], [held], ["accent"], told.append) == {"accent": []}
    assert told == [
        "not by accent: b of A: they are translations, which have no error rate; compare and gate have BLEU by it"
    ]
    with pytest.raises(UsageError, match="no tag called 'accentt'"):
        sliced(["A"], [held], ["accentt"], told.append)


def test_single_translations_have_texts_of_their_language_and_no_word_errors() -> None:
    rows = [line("u", "It's 5 o'clock, Mr. Smith", "it is five", target="en", language="de")]
    held = count_predictions(Predictions(benchmark="b", language="de", rows=rows, source=Path("b")), PROFILE)
    [found] = utterance_scores("m", held)
    texts = PROFILE.texts("en")
    assert (found.language, found.normalized_reference, found.normalized_hypothesis) == (
        "en", *texts.pair("It's 5 o'clock, Mr. Smith", "it is five")[:2],
    )  # fmt: skip
    assert found.normalized_reference != PROFILE.texts("de").pair("It's 5 o'clock, Mr. Smith", "it is five")[0]
    counts = (found.words, found.hits, found.substitutions, found.deletions, found.insertions, found.rate)
    assert counts == (None,) * 6
    assert (found.scored, found.alignment) == (True, ())


def test_a_report_says_what_is_left_out_and_why_a_tag_has_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "t.jsonl", GOOD | INTO | {"accent": "uk"}, GERMAN | INTO)
    assert main(["report", str(path), "--slice", "accent", "--out", str(tmp_path / "report")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "t on t: left out 1 row of t.jsonl without a translation." in told
    assert "not by accent: t of t: they are translations, which have no error rate; compare and gate have BLEU" in told
    assert not list((tmp_path / "report").glob("slices*"))


def test_details_alignments_and_explanations_say_that_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "t.jsonl", GOOD | INTO)
    assert main(["score", str(path), "--details", "--alignments", str(tmp_path / "a.txt")]) == 0
    told = capsys.readouterr()
    assert "t has no details: translations, which are right in many ways, have no word errors" in told.err
    assert "a.txt: without translations, which are right in many ways, have no word errors" in told.err
    assert "confus" not in told.out.lower()
    assert not (tmp_path / "a.txt").exists()
    for more in ([], ["--timeline"]):
        assert main(["explain", str(path), *more]) == 2
        told = capsys.readouterr()
        assert told.err == f"error: {path} holds translations, which have no word errors that rules could explain\n"


def test_conditions_of_translations_have_no_error_rates_beside_clean() -> None:
    held = [
        count_predictions(replace(tagged("A", "uk").benchmarks[0], benchmark=name), PROFILE)
        for name in ("b", joined("b", "noise@10dB"))
    ]
    assert named(joined("b", "noise@10dB")) is not None
    assert gaps(held) == []
    scores = score_systems([System(model="A", benchmarks=[one.predictions for one in held])], [PROFILE])
    assert robustness_table(["A"], scores, [held]) is None
    columns = [column.title for column in results_table(scores, [None]).columns]
    assert len([one for one in columns if "BLEU" in one or "chrF++" in one]) == 4


def test_progress_has_no_error_rate_of_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = tagged("A", "uk")
    monkeypatch.setattr("harness.scoring.predictions.read_run", lambda _folder: one)
    so_far = Tally(PROFILE)
    so_far.add(one.benchmarks[0].rows)
    so_far.settle(tmp_path, "b")
    assert str(so_far) == ""
    assert so_far.utterances == 40


def test_captions_of_compared_translations_have_their_signatures_and_units() -> None:
    found = compare_systems([tagged("A", "uk"), tagged("B", "us")], PROFILE)
    begins = [one.caption.removeprefix("A: A. B: B. ") for one in tables(found)]
    for name, unit, caption in zip(KINDS, ("0 to 100", "0 to 100", "lower is better"), begins, strict=True):
        assert caption.startswith(f"{get_metric(name).title} {translation.signature(name, 'en')}, {unit}. ")
    assert not any("Profile" in one for one in begins)
    three = [one.caption for one in tables(compare_systems([tagged(name, "uk") for name in "ABC"], PROFILE))]
    assert [one.startswith(f"{get_metric(name).title} nrefs:1|") for name, one in zip(KINDS, three, strict=True)] == [
        True
    ] * 3


def test_only_bleu_needs_a_tokenizer_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in translation.MECAB.values() else there(name)
    )
    for target, reference, said in (
        ("ja", "今日はいい天気です。", "今日は天気がいいです。"),
        ("ko", "오늘 날씨가 좋다.", "오늘 날씨가 좋아요."),
    ):
        one = system("m", [said] * 6, [reference] * 6, target=target, sessions=6)
        scores = score_systems([one], [PROFILE])
        found = scores[0].benchmarks[0].metrics
        assert (
            found["bleu"].reason
            == f"BLEU of {target} needs {translation.MECAB[target]}: pip install 'sacrebleu[{target}]'"
        )
        assert found["chrf"].value == pytest.approx(
            sacrebleu.corpus_chrf([said] * 6, [[reference] * 6], word_order=2).score
        )
        ter = sacrebleu.corpus_ter([said] * 6, [[reference] * 6], normalized=True, asian_support=True).score
        assert found["ter"].value == pytest.approx(ter)
        caption = results_table(scores, [None]).caption
        assert "95 % intervals: bootstrap of sessions" in caption
        assert "fewer than five sessions" not in caption


def test_without_any_score_nothing_is_said_of_sessions(monkeypatch: pytest.MonkeyPatch, references: list[str]) -> None:
    monkeypatch.setattr(translation, "lacking", lambda _kind, _language: "it is not installed")
    table = results_table(score_systems([system("m", references, references)], [PROFILE]), [None])
    assert table.caption == "Translations: b from de into en."


def test_ter_is_no_score_of_0_to_100() -> None:
    assert [get_metric(name).unit for name in KINDS] == ["0 to 100", "0 to 100", "lower is better"]
    assert [get_metric(name).scale for name in KINDS] == [1, 1, 1]


def test_a_system_beside_itself_does_not_differ(references: list[str]) -> None:
    found = compare_systems([system(name, references, references) for name in "ab"], PROFILE)
    for block in found.metrics:
        assert block.pairs[0].difference is not None
        assert (block.pairs[0].difference.value, block.pairs[0].difference.p) == (0.0, 1.0)
        assert block.pairs[0].significant is False


def test_tables_of_translations_have_no_word_error_rate(references: list[str]) -> None:
    systems = [
        system("good", references, references),
        system("bad", noisy(random.Random(5), references, 0.3), references),
    ]
    scores = score_systems(systems, [PROFILE] * 2)
    entry = scores[1].benchmarks[0]
    assert (entry.metric, entry.target, entry.language, entry.wer, entry.errors) == ("bleu", "en", "de", None, None)
    table = results_table(scores, [None, None])
    assert table.title == "Translations"
    assert [column.key for column in table.columns[:4]] == ["model", "b_bleu", "b_chrf", "b_ter"]
    assert [cell.value for cell in table.rows[0][1:4]] == [pytest.approx(100.0), pytest.approx(100.0), 0.0]
    assert [cell.best for cell in table.rows[0][1:4]] == [True, True, True]
    assert "b from de into en. BLEU nrefs:1|case:mixed" in table.caption
    assert not any("WER" in column.title or "average" in column.key.lower() for column in table.columns)


def test_transcripts_and_translations_are_not_mixed(references: list[str]) -> None:
    one, other = system("a", references, references), system("b", references, references, target="fr")
    with pytest.raises(UsageError, match="one is transcripts, or translated into another language"):
        compare_systems([one, other], PROFILE)
    with pytest.raises(UsageError, match="transcripts or translations into other languages"):
        results_table(score_systems([one, other], [PROFILE] * 2), [None, None])


def test_rows_of_several_kinds_in_one_file_are_refused(tmp_path: Path) -> None:
    english = {"translation": "a b", "pred_text": "a b", "language": "de", "target_language": "en"}
    for others, says in (
        ({**english, "target_language": "fr"}, "its rows are translations into en and translations into fr"),
        ({"text": "a b", "pred_text": "a b", "language": "de"}, "its rows are transcripts and translations into en"),
    ):
        (found,) = read_systems([write(tmp_path / "talks.jsonl", english, others)])
        with pytest.raises(DataError, match=re.escape(f"talks.jsonl: {says}; give a file for each")):
            score_systems([found], [PROFILE])
    unsaid = {name: value for name, value in english.items() if name != "target_language"}
    (found,) = read_systems([write(tmp_path / "talks.jsonl", unsaid, english)])
    assert found.benchmarks[0].target == "en"


GERMAN = {"text": "guten Tag", "pred_text": "good day", "language": "de"}
GOOD = {**GERMAN, "translation": "good day"}
INTO = {"target_language": "en"}


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        ([GOOD, GERMAN, {**GERMAN, "translation": None}], 2),  # nobody states a language
        ([GERMAN, GOOD], 1),
        ([GOOD | INTO, GERMAN | INTO, {**GERMAN, **INTO, "translation": None}], 2),
        ([GOOD | INTO, {"reference": "good day", "pred_text": "good day", "language": "de"} | INTO], 0),
        ([GOOD, {"pred_text": "good day", "language": "de"}], 1),  # without a source, too
    ],
)
def test_predictions_without_a_translation_are_left_out_and_counted(
    tmp_path: Path, rows: list[dict[str, Any]], left_out: int
) -> None:
    (tmp_path / "again").mkdir()
    systems = [read_systems([write(folder / "t.jsonl", *rows)])[0] for folder in (tmp_path, tmp_path / "again")]
    one = systems[0].benchmarks[0]
    assert {row.reference for row in one.rows} == {"good day"}
    assert (len(one.rows), one.untranslated) == (len(rows) - left_out, left_out)
    said = f"left out {left_out} row{'s' if left_out > 1 else ''} of t.jsonl without a translation"
    assert one.left_out == (said if left_out else None)
    [score] = score_systems(systems[:1], [PROFILE])
    assert score.benchmarks[0].warnings == ((said,) if left_out else ())
    notes = [note.split(": ")[1] for note in compare_systems(systems, PROFILE).notes if "left out" in note]
    assert notes == ([said, said] if left_out else [])


@pytest.mark.parametrize("nothing", [{"translation": None}, {"translation": ""}, {"translation": None, **INTO}])
def test_a_column_of_translations_with_nothing_in_it_is_refused(tmp_path: Path, nothing: dict[str, Any]) -> None:
    path = write(tmp_path / "t.jsonl", GERMAN | nothing, GERMAN | nothing)
    with pytest.raises(DataError, match=r"t\.jsonl: no row has a translation in its column 'translation'; fill it"):
        read_rows(path)


def test_empty_translations_are_scored_and_said(tmp_path: Path) -> None:
    [score] = score_systems(read_systems([write(tmp_path / "t.jsonl", GOOD, {**GOOD, "translation": " "})]), [PROFILE])
    entry = score.benchmarks[0]
    assert (entry.utterances, entry.empty_references) == (2, 1)
    assert entry.warnings == ("1 of 2 translations are empty: whatever is written there counts against it",)


def test_transcripts_among_translations_that_nobody_states_are_no_translations() -> None:
    mixed = [line("u0", "a", "a", target="und"), line("u1", "a", "a")]
    with pytest.raises(DataError, match="its rows are transcripts and translations into und"):
        _ = Predictions(benchmark="b", language="de", rows=mixed, source=Path("b")).target


def test_what_is_of_transcripts_alone_is_a_dash_with_the_reason(references: list[str]) -> None:
    [score] = score_systems([system("a", references, references)], [PROFILE], metrics=["wer", "bleu"])
    found = score.benchmarks[0].metrics
    assert found["wer"].reason == "they are translations, which are right in many ways: ask for bleu, chrf or ter"
    assert found["bleu"].value == pytest.approx(100.0)
    table = results_table([score], [None])
    [cell] = [cell for column, cell in zip(table.columns, table.rows[0], strict=True) if column.title == "b WER"]
    assert (cell.value, cell.notes) == (None, (f"not scored: {found['wer'].reason}",))


def test_a_transcript_has_no_bleu() -> None:
    held = count_predictions(
        Predictions(benchmark="b", language="en", rows=[line("u", "a", "a")], source=Path("b")), PROFILE
    )
    found = measure(get_metric("bleu"), held.utterances(), PROFILE, "en")
    assert found is not None
    assert found.reason == "they are transcripts, no translations"


def test_what_is_not_installed_is_a_dash_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, references: list[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = measure(get_metric("bleu"), scored(references, references).utterances(), PROFILE, "de")
    assert found is not None
    assert found.reason is not None
    assert found.reason.startswith("sacrebleu is not installed: pip install")


def test_comet_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, references: list[str]) -> None:
    monkeypatch.delenv("COMET_MODEL", raising=False)
    found = measure(get_metric("comet"), scored(references, references).utterances(), PROFILE, "de")
    assert found is not None
    assert found.reason == "COMET needs its package (pip install '.[comet]') and COMET_MODEL, which names its weights"


def test_comet_is_asked_for_source_translation_and_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a package that stands for COMET: a segment's score is how many letters its three texts have."""
    asked: list[dict[str, str]] = []

    def predict(rows: list[dict[str, str]], **_options: object) -> SimpleNamespace:
        asked.extend(rows)
        return SimpleNamespace(scores=[sum(map(len, row.values())) / 10 for row in rows])

    stub = ModuleType("comet")
    stub.__spec__ = ModuleSpec("comet", None)
    stub.__dict__.update(
        download_model=lambda name: f"fetched {name}",
        load_from_checkpoint=lambda _place: SimpleNamespace(predict=predict),
    )
    monkeypatch.setitem(sys.modules, "comet", stub)
    monkeypatch.setenv("COMET_MODEL", "stub of weights")
    rows = [line("u0", "good day", "hello", target="en", language="de", tags={"source": "guten Tag"})]
    rows += [line("u1", "yes", "", target="en", language="de", tags={"text": "ja"})]
    held = count_predictions(Predictions(benchmark="b", language="de", rows=rows, source=Path("b")), PROFILE)
    found = measure(get_metric("comet"), held.utterances(), PROFILE, "de")
    assert asked == [
        {"src": "guten Tag", "mt": "hello", "ref": "good day"},
        {"src": "ja", "mt": "", "ref": "yes"},
    ]
    assert found is not None
    assert found.value == pytest.approx((2.2 + 0.5) / 2)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_of_others_say_that_they_are_translations(tmp_path: Path) -> None:
    rows = read_rows(
        write(
            tmp_path / "a.jsonl",
            {"id": "1", "text": "guten Tag", "translation": "good day", "pred_text": "hello", "target_language": "eng"},
            {"id": "2", "translation": "good day", "pred_text": "hello", "lang": "de"},
            {"id": "3", "reference": "good day", "hypothesis": "hello", "tgt_lang": "en-US"},
            {"id": "4", "text": "good day", "pred_text": "hello", "target": "no language but a text"},
        )
    )
    assert rows[0].tags == {"source": "guten Tag"}
    assert [(row.reference, row.hypothesis, row.target) for row in rows] == [
        ("good day", "hello", "en"),
        ("good day", "hello", "und"),
        ("good day", "hello", "en"),
        ("good day", "hello", None),
    ]
    bad = write(tmp_path / "b.jsonl", {"text": "a", "pred_text": "a", "target_language": "no language!"})
    with pytest.raises(DataError, match="target_language"):
        read_rows(bad)


def test_lines_of_a_run_keep_the_language_that_was_translated_into() -> None:
    made = Line(id="u", reference="a", hypothesis="b", target="de")
    assert Predictions(benchmark="b", language="en", rows=[made], source=Path("b")).target == "de"


def test_from_a_file_to_a_system(tmp_path: Path) -> None:
    path = write(
        tmp_path / "talks.jsonl", {"translation": "a b", "pred_text": "a b", "language": "de", "tgt_lang": "en"}
    )
    (found,) = read_systems([path])
    assert (found.benchmarks[0].language, found.benchmarks[0].target) == ("de", "en")
