"""What a run asks its data for: of a sample texts first, then the audio of the sample alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.dataset import Audio, Dataset, Request, Source, Utterance
from harness.config import Settings
from harness.runner.selection import Selected

if TYPE_CHECKING:
    from collections.abc import Iterator


def recorded(requests: list[Request]) -> Dataset:
    """Ten utterances, and what each reading of them was for."""

    def utterances(request: Request) -> Iterator[Utterance]:
        requests.append(request)
        for number in range(10):
            audio = Audio(origin=f"u{number}", data=b"x")
            yield Utterance(id=f"u{number}", audio=audio, reference="x", language="en", duration=1.0 + number)

    source = Source(kind="test", where="here", open=utterances)
    return Dataset(name="set", title="Set", language="en", license=None, sources=(source,))


def test_a_sample_reads_texts_then_the_audio_of_the_sample() -> None:
    requests: list[Request] = []
    found = [item.id for item in Selected(recorded(requests), None, Settings(limit=2)).open(set())]
    assert len(found) == 2
    assert [(request.audio, request.wanted) for request in requests] == [(False, None), (True, set(found))]


def test_all_of_it_is_read_once_with_its_audio() -> None:
    requests: list[Request] = []
    assert len(list(Selected(recorded(requests), None, Settings()).open(set()))) == 10
    assert [(request.audio, request.wanted) for request in requests] == [(True, None)]
