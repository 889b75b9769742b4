"""Benchmarks of translations: speech of one language, references of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpora.covost import COVOST
from benchmarks.corpora.fleurs_translation import FLEURS_PAIRS, PAIRS, _dataset
from benchmarks.dataset import Request, Utterance, open_dataset
from benchmarks.registry import datasets, get_dataset, identify
from harness.errors import DataError
from tests.benchmarks.corpus_layouts import fleurs
from tests.benchmarks.layouts import audio_struct, write_files, write_parquet


def read(name: str, root: Path) -> list[Utterance]:
    return list(open_dataset(get_dataset(name), Request(root=root)))


def test_every_direction_says_what_it_is() -> None:
    every = {one.name: one for one in (*COVOST, *FLEURS_PAIRS)}
    assert len(every) == 14 + 12
    for name, one in every.items():
        corpus, spoken, target = name.split("_")
        assert (one.language, one.target, corpus) == (spoken, target, corpus)
        assert identify(name) is one
        assert datasets()[name] is one
    assert identify("fleurs_de_test") is get_dataset("fleurs_de")
    assert identify("covost2_zh-CN_en_test") is get_dataset("covost2_zh_en")
    assert identify("covost_de_test") is get_dataset("mcv_de")  # what published tables call Common Voice
    assert all(one.target is None for name, one in datasets().items() if name not in every)


def test_covost_has_the_translation_as_reference_and_the_prompt_as_source(tmp_path: Path) -> None:
    rows = [
        {
            "client_id": f"v{at % 2}",
            "file": f"common_voice_de_{at}.mp3",
            "audio": audio_struct(b"x", f"common_voice_de_{at}.mp3"),
            "sentence": f"Satz {at}.",
            "translation": f"Sentence {at}.",
            "id": f"common_voice_de_{at}",
        }
        for at in range(3)
    ]
    write_parquet(tmp_path / "fixie-ai--covost2" / "de_en" / "test-00000-of-00001.parquet", rows)
    found = list(open_dataset(get_dataset("covost2_de_en"), Request(root=tmp_path, lengths=False, target="en")))
    assert [(one.id, one.reference, one.session, one.tags["source"], one.target) for one in found] == [
        (f"common_voice_de_{at}", f"Sentence {at}.", f"v{at % 2}", f"Satz {at}.", "en") for at in range(3)
    ]


@pytest.mark.usefixtures("shared")
def test_fleurs_pairs_are_joined_by_the_number_of_the_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two copies, and two releases, of German and French: what was read twice has the one sentence twice."""
    german, french = fleurs("de"), fleurs("fr")
    pair = _dataset("de", "fr")
    for built in (german, french):
        built.write_parquet(tmp_path / "hub")
        write_files(tmp_path / "disk", built.files)
    texts = [row["raw_transcription"] for row in french.parquet["google--fleurs/fr_fr/test-00000-of-00001.parquet"]]
    from_hub, from_disk = (
        list(open_dataset(pair, Request(root=tmp_path / place, lengths=False))) for place in ("hub", "disk")
    )
    # The second reading of a French sentence is its text too; the last that is read stands.
    assert [one.reference for one in from_hub] == [texts[1], texts[1], texts[2]]
    assert {one.id: one.tags["source"] for one in from_hub} == german.expected
    assert [(one.id, one.reference) for one in from_hub] == [(one.id, one.reference) for one in from_disk]
    assert {one.language for one in from_hub} == {"de"}
    assert ("de", "en") in PAIRS


@pytest.mark.usefixtures("shared")
def test_a_pair_without_a_common_sentence_is_broken(tmp_path: Path) -> None:
    german, french = fleurs("de"), fleurs("fr")
    for rows in french.parquet.values():
        for row in rows:
            row["id"] += 10_000
    for built in (german, french):
        built.write_parquet(tmp_path)
    with pytest.raises(DataError, match="no sentence of one language has the number of one of the other"):
        list(open_dataset(_dataset("de", "fr"), Request(root=tmp_path, lengths=False)))
