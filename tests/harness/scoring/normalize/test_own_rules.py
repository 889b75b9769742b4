"""Rules of a user's own profile file: replacements, equivalents, NIST's mapping files, drops."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random

import pytest

from harness.errors import DataError, UsageError
from harness.records import codec
from harness.records.scores import ProfileRecord
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.explain import explain
from harness.scoring.normalize.own import OwnNormalizer, OwnRules, Replacement, read_glm
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from tests.harness.scoring.made import predictions

FILE = """
extends = "leaderboard@2026-08"
drop = ["you know", "[x] Like,"]
equivalents = [["okay", "all right", "Alright"], ["e-mail", "mail"]]
glm = "some.glm"
[[replace]]
find = "Acme  Corp."
to = "Acme"
[[replace]]
find = '(\\d+) ?mg'
to = '\\1 milligrams'
kind = "regex"
[[replace]]
find = "ß"
to = "ss"
kind = "text"
[[replace]]
find = "20 milligrams"
to = "dose"
when = "after"
"""
GLM = """;; spellings
* name "some"
[TRAVELLER] => [TRAVELER] / [ ] __ [ ] ;; British
GONNA => {[GOING TO] / [GO TO]}
"""


def profile(tmp_path: Path, text: str = FILE) -> Profile:
    (tmp_path / "some.glm").write_text(GLM, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    return get_profile(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("ACME corp. and acme Corp.", "acme and acme"),
        ("acme corporation", "acme corporation"),
        ("10mg, 20 mg", "10 milligrams dose"),
        ("Well, you know, like okay", "well okay"),
        ("all right, Alright", "okay okay"),
        ("E-Mail; mail", "email email"),
        ("two travellers, one Traveller", "2 travelers one traveler"),
        ("gonna go to", "going to going to"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_texts_under_a_profile_of_ones_own(tmp_path: Path, text: str, normalized: str) -> None:
    assert profile(tmp_path).normalize(text, "en") == normalized


def test_any_of_a_group_matches_any_other_on_either_side(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    for left, right in (("okay", "all right"), ("all right", "okay"), ("a mail", "an e-mail")):
        assert mine.count(f"{left} then", f"{right} then", "en").errors == (left == "a mail")
    assert mine.count("yes", "you know yes like", "en") == ErrorCounts(1)


def test_groups_that_share_a_phrase_are_one() -> None:
    rules = OwnRules(equivalents=(("a", "b"), ("c", "d"), ("d", "b", "e")))
    normalize = OwnNormalizer(rules, str.lower, spaces=True)
    assert normalize("A b C d e f") == "c c c c c f"


def test_the_longest_phrase_is_found_first() -> None:
    rules = OwnRules(equivalents=(("x", "a b"), ("y", "a")), drop=("p", "p q"))
    assert OwnNormalizer(rules, str, spaces=True)("a b a p q p b") == "x y b"


def test_a_language_without_spaces_has_phrases_anywhere() -> None:
    rules = OwnRules(equivalents=(("今日", "きょう"),), drop=("ね",), replace=(Replacement(find="Ａ", to="b"),))
    normalize = OwnNormalizer(rules, lambda text: text.replace("。", ""), spaces=False)
    assert normalize("きょうはＡいいね。") == "今日はbいい"


def test_what_is_stored_and_explained(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    record = mine.record()
    own = record.rules["own"]
    assert isinstance(own, dict)
    assert own["drop"] == "you know; [x] Like,"
    assert codec.decode(codec.encode(record), ProfileRecord, "profile") == record
    found = explain(predictions(("okay yes", "all right yes")), get_profile("leaderboard@2026-08"), mine)
    assert [step.rule for step in found.steps] == ["own"]
    assert (found.start.errors, found.end.errors) == (ErrorCounts(1, 1), ErrorCounts(2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('drop = "uh"', "drop must be a list of texts"),
        ("drop = [1]", "drop must be a list of texts"),
        ('equivalents = ["a", "b"]', "equivalents must be a list of lists"),
        ("equivalents = 3", "equivalents must be a list of lists"),
        ("drop = 3", "drop must be a list of texts"),
        ('equivalents = [["a"]]', "of two texts or more"),
        ("glm = 3", "glm must be the path"),
        ('replace = "a"', r"begin with \[\[replace\]\]"),
        ('[[replace]]\nfind = "a"', "replace 1: find and to must be there"),
        ('[[replace]]\nfind = "a"\nto = "b"\nwhere = "x"', "replace 1: no entry called 'where'"),
        ('[[replace]]\nfind = "a"\nto = "b"\nkind = "word"', "kind cannot be 'word'; it can be words, text, regex"),
        ('[[replace]]\nfind = "("\nto = "b"\nkind = "regex"', "is no regular expression"),
        ('[[replace]]\nfind = "a"\nto = 1', "must be a table of texts"),
    ],
)
def test_a_mistake_is_said_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        profile(tmp_path, text)


def test_what_cannot_be_found_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"drop: '\[noise\]' is nothing once it is normalized"):
        profile(tmp_path, 'drop = ["[noise]"]').normalize("a", "en")
    with pytest.raises(DataError, match=r"which profile file .* names, cannot be read"):
        profile(tmp_path, 'glm = "nowhere.glm"')


@pytest.mark.parametrize("line", ["[a] => [b] / [x] __ [ ]", "a b", "[a] =>", "[a] => {[b] / }"])
def test_a_rule_of_a_mapping_file_that_is_not_understood_is_an_error(line: str) -> None:
    with pytest.raises(UsageError, match=r"f\.glm: line 2 is no rule of the form"):
        read_glm([";; x", line], "f.glm")


DELETING = {
    "[uh] => [ ] / [ ] __ [ ]": (("", "uh"),),
    "[uh huh] => [] / [ ] __ [ ]": (("", "uh huh"),),
    "[uh] => / [ ] __ [ ]": (("", "uh"),),
    "[uh] => [ ]": (("", "uh"),),
    "uh => @": (("", "uh"),),
    "[uh] => {[uh] / [ ]} / [ ] __ [ ]": (("uh", ""),),
    "[uh] => [{ er / @ }] / [ ] __ [ ]": (("er", "", "uh"),),
}


@pytest.mark.parametrize("line", DELETING)
def test_a_rule_of_a_mapping_file_may_delete(tmp_path: Path, line: str) -> None:
    assert read_glm([line], "f.glm") == DELETING[line]
    (tmp_path / "d.glm").write_text(line, encoding="utf-8")
    (tmp_path / "mine.toml").write_text('extends = "verbatim"\nglm = "d.glm"\n', encoding="utf-8")
    mine = get_profile(str(tmp_path / "mine.toml"))
    assert mine.normalize("uh huh so uh huh uhu", "en") == ("so uhu" if "huh" in line else "huh so huh uhu")
    own = mine.record().rules["own"]
    assert isinstance(own, dict)
    assert "nothing" in str(own["equivalents"])
    spoken = "uh huh" if "huh" in line else "uh"
    assert mine.count(f"so {spoken} it is", "so it is", "en") == ErrorCounts(3)
    assert mine.count("so it is", f"so it {spoken} is", "en") == ErrorCounts(3)


def test_what_is_deleted_may_be_nothing_already(tmp_path: Path) -> None:
    """Fillers of a file are what the leaderboard's rules drop too; drops that find nothing are a mistake as before."""
    (tmp_path / "d.glm").write_text("[uh] => [ ] / [ ] __ [ ]\n[well] => [ ] / [ ] __ [ ]\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text('extends = "leaderboard@2026-08"\nglm = "d.glm"\n', encoding="utf-8")
    assert get_profile(str(tmp_path / "mine.toml")).normalize("Uh, well, yes", "en").split() == ["yes"]


def test_a_phrase_that_counts_as_nothing_takes_its_equals_along() -> None:
    rules = OwnRules(equivalents=(("a", "b"), ("", "b", "c")))
    assert OwnNormalizer(rules, str, spaces=True)("a x b y c a") == "x y"
    again = OwnRules(equivalents=(("", "c"), ("d", "c")))
    assert OwnNormalizer(again, str, spaces=True)("d x c") == "x"


def csrfilt(rules: list[str], text: str, folder: Path) -> str:
    """A trn text as NIST's own filter rewrites it."""
    head = [";;", '* name "test"', '* desc "test"', "* format = 'NIST1'", "* max_nrules = '1000'"]
    head += ["* copy_no_hit = 'T'", "* case_sensitive = 'F'"]
    (folder / "nist.glm").write_text("\n".join([*head, *rules, ""]), encoding="utf-8")
    tools = Path("/usr/lib/sctk/bin")
    done = subprocess.run(
        [str(tools / "csrfilt.sh"), "-i", "trn", "nist.glm"],
        cwd=folder, input=f"{text} (s-1)\n", env={"PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip().removesuffix("(s-1)").strip()


@pytest.mark.skipif(not Path("/usr/lib/sctk/bin/csrfilt.sh").exists(), reason="NIST's csrfilt is not installed (sctk)")
def test_deletions_are_those_of_nists_own_filter(tmp_path: Path) -> None:
    rules = ["[uh] => [ ] / [ ] __ [ ]", "[you know] => / [ ] __ [ ]", "[mm] => [] / [ ] __ [ ]"]
    rules += ["[grey] => [gray] / [ ] __ [ ]", "[i mean you know] => [ ] / [ ] __ [ ]"]
    (tmp_path / "d.glm").write_text("\n".join(rules), encoding="utf-8")
    (tmp_path / "mine.toml").write_text('extends = "verbatim"\nglm = "d.glm"\n', encoding="utf-8")
    mine = get_profile(str(tmp_path / "mine.toml"))
    words = ["uh", "you", "know", "mm", "i", "mean", "grey", "uhs", "mm-hm", "so"]
    random = Random(7)
    for _ in range(20):
        text = " ".join(random.choices(words, k=random.randint(1, 30)))
        assert csrfilt(rules, text, tmp_path).lower() == mine.normalize(text, "en"), text
