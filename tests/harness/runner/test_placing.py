"""Own data of one name and many places: each has a folder of its own, and finds it again."""

import os
from pathlib import Path

import pytest

from harness.config import Settings
from harness.errors import RunError
from harness.records.codec import write
from harness.request import own_data
from harness.runner.placing import placed
from harness.runner.preview import preview
from tests.harness.runner.tones import manifest, run, tone


def data(folder: Path, level: int, name: str = "test.jsonl", ids: str = "abc") -> Path:
    """A manifest of clips of one loudness, whose references say `three`."""
    rows = [{"audio": str(tone(folder / f"{key}.wav", level)), "id": key, "text": "three"} for key in ids]
    return manifest(folder / name, rows)


def test_the_second_is_called_after_its_folder_and_the_third_after_its_place(tmp_path: Path) -> None:
    out = tmp_path / "out"
    places = [data(tmp_path / place, level) for place, level in (("de", 3), ("fr", 4), ("x/fr", 5), ("y/Fr", 6))]
    first = [run(place, out) for place in places]
    names = [one.name for one in first]
    assert names[:2] == ["data_test", "data_test_fr"]
    assert all(name.startswith("data_test_") and len(name) == len("data_test_") + 8 for name in names[2:])
    assert len(set(names)) == 4
    assert [one.percent for one in first] == [0.0, 100.0, 100.0, 100.0]
    assert [one.record.suite for one in first] == names
    for place, one in reversed([*zip(places, first, strict=True)]):
        again = run(place, out)
        assert (again.folder, again.loaded, again.scores) == (one.folder, 0, one.scores)


def test_the_place_is_what_links_and_other_spellings_lead_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, path = tmp_path / "out", data(tmp_path / "de", 3)
    folder = run(path, out).folder
    (tmp_path / "link.jsonl").symlink_to(path)
    monkeypatch.chdir(path.parent)
    for spelled in ("test.jsonl", "../de/test.jsonl", "../link.jsonl"):
        again = run(Path(spelled), out)
        assert (again.folder, again.loaded) == (folder, 0)
    assert own_data([path])[1][0].origin == str(path)


def test_a_folder_is_the_place_of_its_manifest(tmp_path: Path) -> None:
    out, path = tmp_path / "out", data(tmp_path / "calls", 3, "manifest.jsonl")
    assert run(path, out).name == "data_calls"
    assert run(path.parent, out).loaded == 0
    other = data(tmp_path / "calls", 4, "metadata.jsonl", ids="ab")  # which the folder does not mean
    assert run(other, out).name != "data_calls"
    assert run(path.parent, out).name == "data_calls"


def test_another_model_on_the_same_data_is_beside_it(tmp_path: Path) -> None:
    out, de, fr = tmp_path / "out", data(tmp_path / "de", 3), data(tmp_path / "fr", 4)
    run(de, out)
    (out / "data_test" / "loudness").rename(out / "data_test" / "another")
    assert run(fr, out).name == "data_test_fr"
    assert run(de, out).folder == out / "data_test" / "loudness"


def test_a_run_that_was_set_aside_keeps_the_name(tmp_path: Path) -> None:
    out, de, fr = tmp_path / "out", data(tmp_path / "de", 3), data(tmp_path / "fr", 4)
    run(de, out)
    again = run(de, out, fresh=True)
    assert (again.name, again.loaded) == ("data_test", 1)
    assert run(fr, out).name == "data_test_fr"


def test_a_broken_run_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    out, de, fr = tmp_path / "out", data(tmp_path / "de", 3), data(tmp_path / "fr", 4)
    run(fr, out)
    (out / "data_test" / "broken").mkdir()
    (out / "data_test" / "broken" / "run.json").write_text("{")
    assert [run(de, out).name, run(fr, out).name] == ["data_test_de", "data_test"]


def test_where_two_begin_at_the_same_time_the_second_is_told(tmp_path: Path) -> None:
    out, de, fr = tmp_path / "out", data(tmp_path / "de", 3), data(tmp_path / "fr", 4)
    from harness.progress import Silent
    from harness.runner.run import Run
    from harness.runner.stages import Stop
    from tests.harness.runner.tones import Loudness

    suite, datasets = own_data([fr])
    late = Run(
        suite=suite,
        datasets=datasets,
        model_name="loudness",
        settings=Settings(out=out),
        reporter=Silent(),
        stop=Stop(),
        load=lambda _options: Loudness([]),
    )
    first = run(de, out)
    journal = (first.folder / "data_test.jsonl").read_bytes()
    with pytest.raises(RunError, match=r"begun with other data \(.*de/test.jsonl\) by another process just now; try"):
        late.execute()
    assert (first.folder / "data_test.jsonl").read_bytes() == journal


def test_a_preview_looks_into_the_same_folder_and_says_what_changed(tmp_path: Path) -> None:
    out, de, fr = tmp_path / "out", data(tmp_path / "de", 3), data(tmp_path / "fr", 4)
    run(de, out)
    run(fr, out)

    def shown(path: Path) -> list[str]:
        return preview(*own_data([path]), "loudness", Settings(out=out)).splitlines()

    assert shown(fr)[1].startswith("  data_test_fr: 3 utterances, ")
    before = sorted((file, os.stat(file).st_mtime_ns) for file in out.rglob("*"))  # noqa: PTH116
    tone(tmp_path / "fr" / "b.wav", 9)
    data(tmp_path / "fr", 4, ids="ac")
    assert shown(de)[-1].startswith("  data_test: 3 utterances")
    assert shown(fr)[2] == "    since it was run: 1 row removed, no longer scored"
    assert sorted((file, os.stat(file).st_mtime_ns) for file in out.rglob("*")) == before  # noqa: PTH116


def test_several_as_one_suite_have_a_folder_of_their_own_too(tmp_path: Path) -> None:
    """The names of the benchmarks are equal; their places are not."""
    out = tmp_path / "out"
    sets = [
        [data(tmp_path / place / name, level, f"{name}.jsonl") for name in "ab"]
        for place, level in (("x", 3), ("y", 4))
    ]
    first = [run(one, out) for one in sets]
    assert [one.folder.parent.name[:13] for one in first] == ["data_a_and_b", "data_a_and_b_"]
    assert [list(one.record.benchmarks) for one in first] == [["data_a", "data_b"]] * 2
    assert [[score["wer"] for score in one.scores["benchmarks"]] for one in first] == [[0.0, 0.0], [1.0, 1.0]]
    for places, one in reversed([*zip(sets, first, strict=True)]):
        again = run(places, out)
        assert (again.folder, again.loaded) == (one.folder, 0)


def test_several_of_which_one_is_elsewhere_are_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second, third = (
        data(tmp_path / place / name, 3, f"{name}.jsonl") for place, name in (("x", "a"), ("x", "b"), ("y", "b"))
    )
    assert run([first, second], out).folder.parent.name == "data_a_and_b"
    assert run([first, third], out).folder.parent.name != "data_a_and_b"


@pytest.mark.parametrize(("same", "taken"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_an_older_run_is_of_the_data_that_most_of_its_lines_fit(tmp_path: Path, same: int, taken: bool) -> None:
    out = tmp_path / "out"
    old = run(data(tmp_path / "de", 3, ids="abcd"), out)
    old.entry.data = None
    write(old.folder / "run.json", old.record)
    rows = [
        {
            "audio": str(tone(tmp_path / "fr" / f"{key}.wav", 4)),
            "id": key,
            "text": "three" if number < same else "trois",
        }
        for number, key in enumerate("abcd")
    ]
    assert (run(manifest(tmp_path / "fr" / "test.jsonl", rows), out).name == "data_test") is taken


def test_an_older_run_without_a_line_keeps_no_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = run(data(tmp_path / "de", 3), out)
    old.record.benchmarks.clear()
    write(old.folder / "run.json", old.record)
    (old.folder / "data_test.jsonl").write_bytes(b"")
    assert run(data(tmp_path / "fr", 3), out).name == "data_test"


def test_data_that_is_not_of_ones_own_is_where_its_suite_says(tmp_path: Path) -> None:
    from benchmarks.registry import get_dataset, get_suite

    suite, datasets = get_suite("digits"), [get_dataset("digits")]
    assert placed(suite, datasets, tmp_path) == (suite, datasets)
