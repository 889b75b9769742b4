"""The loop with small models that do on purpose what models do by accident."""

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Audio, Utterance
from harness.config import OnError
from harness.errors import Interrupted, RunError
from harness.models.base import Model, ModelCard
from harness.records.journal import AudioFile, Line, read_journal
from harness.records.run import Event
from harness.runner import loop as module
from harness.runner.clock import Clock
from harness.runner.journal import JournalFile
from harness.runner.loop import Loop
from harness.runner.plan import Budget
from harness.runner.stages import State, Stop
from harness.types import SAMPLE_RATE, AudioWarning, Clip, Hypothesis, Word


class Echo(Model):
    """Says the id of each clip; remembers the batches that it was given."""

    def __init__(self, **card: Any) -> None:
        self.card = ModelCard(id="echo", batch_invariant=True, **card)
        self.batches: list[list[str]] = []

    def features(self, clips: Sequence[Clip]) -> list[str]:
        return [clip.id for clip in clips]

    def infer(self, features: list[str]) -> list[str]:
        self.batches.append(features)
        return features

    def text(self, output: list[str]) -> list[Hypothesis]:
        return [Hypothesis(text=f"this is {name}") for name in output]


class Quiet:
    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.after = after
        self.utterances = 0
        self.more: list[bool] = []

    def planned(self, utterances: int, seconds: float, *, more: bool) -> None:
        self.utterances += utterances
        self.more.append(more)

    def batch(self, lines: Sequence[Line]) -> None:
        self.after()


def speech(seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(round(seconds * SAMPLE_RATE), np.float32), SAMPLE_RATE, format="WAV")
    return buffer.getvalue()


def utterances(lengths: Sequence[float], broken: Sequence[int] = ()) -> list[Utterance]:
    return [
        Utterance(
            id=f"u{number}",
            audio=Audio(origin=f"u{number}.wav", data=b"rubbish" if number in broken else speech(seconds)),
            reference=f"reference {number}",
            language="en",
            duration=seconds,
            session=f"s{number % 2}",
        )
        for number, seconds in enumerate(lengths)
    ]


def loop(model: Model, journal: JournalFile, *, on_error: OnError = "record", **more: Any) -> Loop:
    listener = more.pop("listener", None) or Quiet()
    parts: dict[str, Any] = {"budget": Budget(clips=2), "stop": Stop(), "clock": Clock()}
    state = State(model=model, **(parts | more))
    return Loop(state=state, benchmark="b", journal=journal, listener=listener, on_error=on_error)


def test_every_utterance_is_journalled_once_with_its_own_text(journal: JournalFile) -> None:
    model = Echo()
    work = loop(model, journal)
    assert work.run(utterances([1.0, 3.0, 2.0])) == 3
    lines = {line.id: line for line in read_journal(journal.path).lines}
    assert {name: line.hypothesis for name, line in lines.items()} == {f"u{n}": f"this is u{n}" for n in range(3)}
    assert model.batches == [["u2"], ["u1", "u2"], ["u0"]]  # the first is the warm-up
    assert lines["u1"].batch == lines["u2"].batch == 0
    assert lines["u0"].batch == 1
    assert all(line.undisturbed for line in lines.values())
    assert lines["u1"] == Line(
        id="u1",
        language="en",
        session="s1",
        duration=3.0,
        audio_seconds=3.0,
        reference="reference 1",
        audio="u1.wav",
        hypothesis="this is u1",
        time=lines["u1"].time,
        batch=0,
        undisturbed=True,
        audio_warnings=(AudioWarning("silence", "digital silence"),),
        audio_file=AudioFile(
            size=len(speech(3.0)),
            digest=hashlib.sha256(speech(3.0)).hexdigest()[:16],
            modified=0,
            changed=0,
            inode=0,
            given="",
        ),
    )


@pytest.mark.parametrize(("number", "more"), [(1, [False]), (2, [False]), (3, [True, False]), (4, [True, False])])
def test_the_last_window_is_known_as_such(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch, number: int, more: list[bool]
) -> None:
    monkeypatch.setattr(module, "WINDOW_ITEMS", 2)
    heard = Quiet()
    assert loop(Echo(), journal, listener=heard).run(utterances([1.0] * number)) == number
    assert heard.more == more


def test_times_sum_to_what_the_clock_counted(journal: JournalFile) -> None:
    clock = Clock()
    loop(Echo(), journal, clock=clock).run(utterances([1.0, 3.0, 2.0, 0.5]))
    assert sum(line.time or 0.0 for line in journal.lines) == pytest.approx(clock.counted)
    assert clock.audio_seconds == clock.audio_seconds_undisturbed == 6.5
    assert clock.batches == 2


def test_a_broken_file_costs_itself_only(journal: JournalFile) -> None:
    loop(Echo(), journal).run(utterances([1.0, 3.0, 2.0], broken=[1]))
    lines = {line.id: line for line in journal.lines}
    assert lines["u1"].hypothesis is None
    assert (lines["u1"].error or "").startswith("u1.wav: not readable as audio")
    assert lines["u0"].hypothesis == "this is u0"
    assert lines["u2"].hypothesis == "this is u2"


def test_a_clip_that_breaks_its_batch_costs_one_clip_and_the_batch_its_clock(journal: JournalFile) -> None:
    class Fussy(Echo):
        def infer(self, features: list[str]) -> list[str]:
            if "u1" in features:
                raise ValueError("cannot stand u1")
            return features

    clock = Clock()
    work = loop(Fussy(), journal, budget=Budget(clips=3), clock=clock)
    work.run(utterances([1.0, 3.0, 2.0, 0.5]))
    lines = {line.id: line for line in journal.lines}
    assert lines["u1"].error == "ValueError: cannot stand u1"
    assert [lines[name].undisturbed for name in ("u0", "u2", "u3")] == [False, False, True]
    assert clock.excluded == 1
    assert clock.audio_seconds_undisturbed == 0.5
    assert [event.event for event in work.state.events] == ["batch_failed"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda output: [Hypothesis(text="one")] * (len(output) - 1),
            "echo returned 0 texts for 1 clip (first: 'u0')",
        ),
        (lambda output: None, "echo returned NoneType for 1 clip (first: 'u0')"),
        (lambda output: [None] * len(output), "echo returned no text for 'u0' but NoneType"),
        (lambda output: [Hypothesis(text=None)] * len(output), "echo returned no text for 'u0' but Hypothesis"),  # type: ignore[arg-type]
        (lambda output: [Hypothesis(text=b"bytes")] * len(output), "echo returned no text for 'u0' but Hypothesis"),  # type: ignore[arg-type]
        (
            lambda output: [Hypothesis(text="caf\udcc3")] * len(output),
            "echo returned text for 'u0' that is not UTF-8: surrogates not allowed at 3",
        ),
        (
            lambda output: [Hypothesis(text="a", words=(Word("a", 0.0, float("nan")),))] * len(output),
            "echo returned a time for 'u0' that is not a finite number, for 'a'",
        ),
    ],
)
def test_a_model_that_breaks_its_contract_is_named(
    journal: JournalFile, answer: Callable[[list[str]], Any], message: str
) -> None:
    class Bad(Echo):
        def text(self, output: list[str]) -> list[Hypothesis]:
            result: list[Hypothesis] = answer(output)
            return result

    loop(Bad(), journal).run(utterances([1.0, 1.0]))
    assert next(line.error for line in journal.lines) == message


class Small(Echo):
    """Has memory for a few seconds of padded audio only."""

    seconds = 4.0

    def features(self, clips: Sequence[Clip]) -> list[str]:
        if len(clips) * max(clip.duration for clip in clips) > self.seconds:
            raise MemoryError
        return super().features(clips)


def test_a_lack_of_memory_is_planned_around(journal: JournalFile) -> None:
    clock = Clock()
    work = loop(Small(), journal, budget=Budget(clips=8), clock=clock)
    work.run(utterances([1.0, 2.0, 1.5, 0.5, 1.0, 3.0, 1.0, 0.2]))
    assert sorted(line.id for line in journal.lines) == [f"u{number}" for number in range(8)]
    assert all(line.hypothesis == f"this is {line.id}" for line in journal.lines)
    # Eight clips padded to 3 s, then four, then two: only one of them fits into 4 s.
    assert work.state.events == [
        Event(event="out_of_memory", batch=0, clips=8, batch_seconds=12.0, batch_size=4),
        Event(event="out_of_memory", batch=0, clips=4, batch_seconds=6.0, batch_size=2),
        Event(event="out_of_memory", batch=0, clips=2, batch_seconds=3.0, batch_size=1),
    ]
    assert clock.excluded == clock.batches  # all of them were in the batch that did not fit
    assert clock.rtfx is None


def test_a_clip_that_does_not_fit_alone_is_cut_in_halves_or_recorded(journal: JournalFile) -> None:
    clock = Clock()
    work = loop(Small(), journal, budget=Budget(clips=8), clock=clock)
    work.run(utterances([1.0, 9.0, 2.0, 5.0]))
    lines = {line.id: line for line in journal.lines}
    assert lines["u1"].error == "u1: 9.0 s do not fit into memory, even alone and in halves"
    assert lines["u3"].hypothesis == "this is u3#0 this is u3#1"
    (begin, middle), (again, end) = lines["u3"].segments or ()
    assert (begin, again, end) == (0.0, middle, 5.0)
    assert 5 / 3 <= middle <= 10 / 3
    assert [event.cut for event in work.state.events if event.cut is not None] == ["u1", "u3"]
    assert lines["u3"].undisturbed is False
    assert lines["u0"].hypothesis == "this is u0"
    assert lines["u2"].hypothesis == "this is u2"


def test_memory_that_runs_out_at_random_leaves_complete_results(journal: JournalFile) -> None:
    random = np.random.default_rng(0)

    class Moody(Echo):
        def infer(self, features: list[str]) -> list[str]:
            if len(features) > 1 and random.random() < 0.1:
                raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
            return features

    clock = Clock()
    work = loop(Moody(), journal, budget=Budget(seconds=20.0), clock=clock)
    work.run(utterances([0.1 + 0.01 * number for number in range(300)]))
    assert sorted(line.id for line in journal.lines) == sorted(f"u{number}" for number in range(300))
    assert not any(line.error is not None for line in journal.lines)
    assert work.state.events
    unclean = {line.batch for line in journal.lines if not line.undisturbed}
    assert len(unclean) == clock.excluded > 0
    assert clock.audio_seconds_undisturbed == pytest.approx(
        sum(line.audio_seconds or 0.0 for line in journal.lines if line.undisturbed)
    )


def test_a_longer_clip_than_the_model_takes_is_cut_and_joined(journal: JournalFile) -> None:
    model = Echo(max_seconds=2.0)
    loop(model, journal, warm=True).run(utterances([1.0, 5.0]))
    lines = {line.id: line for line in journal.lines}
    assert lines["u1"].hypothesis == "this is u1#0 this is u1#1 this is u1#2"
    assert lines["u0"].segments is None
    ends = [end for _, end in lines["u1"].segments or ()]
    assert len(ends) == 3
    assert ends[-1] == lines["u1"].audio_seconds == 5.0
    assert lines["u0"].hypothesis == "this is u0"
    assert all(len(batch) <= 2 for batch in model.batches)  # pieces keep to the budget too


def test_on_error_stop_ends_the_run_and_keeps_what_was_done(journal: JournalFile) -> None:
    with pytest.raises(RunError, match=r"b: utterance 'u0' failed: u0\.wav: not readable"):
        loop(Echo(), journal, on_error="stop", budget=Budget(clips=1)).run(utterances([1.0, 3.0], broken=[0]))
    assert [line.id for line in journal.lines] == ["u1"]


def test_a_stopped_run_goes_on_where_it_was_with_the_same_batches(journal: JournalFile) -> None:
    data = utterances([float(number % 5 + 1) for number in range(10)])
    whole = Echo()
    with JournalFile(journal.path.with_name("whole.jsonl")) as uninterrupted:
        loop(whole, uninterrupted).run(data)

    stop = Stop()

    def stop_now() -> None:
        stop.requested = True

    first, second = Echo(), Echo()
    with pytest.raises(Interrupted):
        loop(first, journal, listener=Quiet(stop_now), stop=stop).run(data)
    begun = [name for batch in first.batches[1:] for name in batch]
    assert [line.id for line in journal.lines] == begun  # what the network had begun is in the journal
    assert 2 <= len(begun) < 10
    loop(second, journal).run(data)
    assert [*first.batches[1:], *second.batches[1:]] == whole.batches[1:]
    keep = ("id", "hypothesis", "reference", "batch")
    assert [[getattr(line, name) for name in keep] for line in journal.lines] == [
        [getattr(line, name) for name in keep] for line in uninterrupted.lines
    ]


def test_a_journal_of_other_references_is_refused(journal: JournalFile) -> None:
    journal.append([Line(id="u0", reference="something else", hypothesis="")])
    with pytest.raises(RunError, match="the reference of 'u0' is not the one that this run began with"):
        loop(Echo(), journal).run(utterances([1.0]))


def test_words_draft_and_segments_are_in_the_line(journal: JournalFile) -> None:
    class Rich(Echo):
        def text(self, output: list[str]) -> list[Hypothesis]:
            return [Hypothesis(text="a", draft="b", words=(Word("a", 0.0, 0.5),), speakers=("x",)) for _ in output]

    (whole,) = utterances([2.0])
    part = Utterance(
        id="p",
        audio=Audio(origin="long.wav", data=whole.audio.data, start=0.5, end=1.5),
        reference="a",
        language="en",
        tags={"accent": "x"},
        parent_id="long",
        chunk_index=0,
    )
    loop(Rich(), journal).run([part])
    (line,) = journal.lines
    assert line.draft == "b"
    assert line.words == (Word("a", 0.0, 0.5),)
    assert line.speakers == ("x",)
    assert line.audio == "long.wav#t=0.5,1.5"
    assert line.duration == line.audio_seconds == 1.0
    assert (line.parent_id, line.chunk_index, line.tags) == ("long", 0, {"accent": "x"})


@pytest.mark.parametrize("stage", ["features", "transfer", "infer", "text"])
def test_a_model_that_ends_the_program_costs_its_clips_only(journal: JournalFile, stage: str) -> None:
    class Ends(Echo):
        def leave(self, clips: list[str]) -> None:
            if "u1" in clips:
                raise SystemExit(0)

        def features(self, clips: Sequence[Clip]) -> list[str]:
            found = super().features(clips)
            self.leave(found if stage == "features" else [])
            return found

        def transfer(self, features: list[str]) -> list[str]:
            self.leave(features if stage == "transfer" else [])
            return features

        def infer(self, features: list[str]) -> list[str]:
            self.leave(features if stage == "infer" else [])
            return super().infer(features)

        def text(self, output: list[str]) -> list[Hypothesis]:
            self.leave(output if stage == "text" else [])
            return super().text(output)

    loop(Ends(), journal).run(utterances([0.5, 0.5, 0.5]))
    lines = {line.id: line for line in journal.lines}
    assert lines["u1"].error == "echo tried to end the program (SystemExit: 0)"
    assert [lines[name].hypothesis is not None for name in ("u0", "u2")] == [True, True]
