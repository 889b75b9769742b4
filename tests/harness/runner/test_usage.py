"""What transcripts took: told by the model, journalled, added up; and batches that are under way elsewhere."""

from concurrent.futures import Future
from typing import Any

import pytest

from harness.errors import CostLimitError, HarnessError, ModelError, ServerError
from harness.records.journal import Line
from harness.records.speed import ServedSpeed, Speed
from harness.runner.journal import JournalFile
from harness.runner.plan import Budget
from harness.runner.stages import join
from harness.runner.usage import Totals
from harness.types import Hypothesis, Usage
from tests.harness.runner.staged import EVERYTHING, Staged, run, texts
from tests.harness.runner.test_stages import clip


def line(usage: Usage | None, undisturbed: bool = True) -> Line:
    return Line(id="u", reference="a", hypothesis="a", undisturbed=undisturbed, usage=usage)


def test_texts_that_ended_at_a_limit_are_counted_by_utterance() -> None:
    totals = Totals()
    totals.add([line(Usage(tokens=1)), line(Usage(tokens=9, limited=1)), line(Usage(tokens=9, limited=2)), line(None)])
    assert totals.complete(Speed(), None).limited == 2
    assert Totals().complete(Speed(), None).limited is None
    totals.add([line(Usage(malformed=3)), line(Usage(malformed=1, limited=1))])
    speed = totals.complete(Speed(), None)
    assert (speed.malformed, speed.limited) == (2, 3)
    assert Totals().complete(Speed(), None).malformed is None


def test_tokens_are_added_and_their_rate_is_of_undisturbed_batches() -> None:
    totals = Totals()
    totals.add([line(Usage(tokens=30, drafted=20, accepted=15)), line(None)])
    totals.add([line(Usage(tokens=7, drafted=20, accepted=5), undisturbed=False)])
    speed = totals.complete(Speed(seconds_counted=2.0), None)
    assert (speed.tokens, speed.tokens_per_second, speed.acceptance_rate) == (37, 15.0, 0.5)
    assert speed.served is None


def test_what_nobody_counted_is_not_known() -> None:
    totals = Totals()
    totals.add([line(None), line(Usage())])
    assert totals.complete(Speed(seconds_counted=2.0), None) == Speed(seconds_counted=2.0)
    assert totals.complete(Speed(), 3).served == ServedSpeed(concurrency=3)


def test_requests_that_were_tried_again_and_failures_are_counted() -> None:
    totals = Totals()
    totals.add(line(Usage(latency=float(number), requests=1 + (number == 3))) for number in range(101))
    totals.add([Line(id="x", reference="a", error="no")])
    totals.add([line(Usage(first_token=2.0)), line(Usage(first_token=4.0))])
    assert totals.complete(Speed(), 8).served == ServedSpeed(
        concurrency=8,
        requests=102,
        retries=1,
        errors=1,
        latency_p50=50.0,
        latency_p95=95.0,
        latency_p99=99.0,
        first_token_p50=3.0,
        first_token_p95=3.9,
    )


def test_what_failed_is_paid_for_and_has_no_latency() -> None:
    totals = Totals()
    totals.add([line(Usage(latency=1.0, requests=3, retries=1, cost=0.25, made_by="b"))])
    failed = Usage(latency=99.0, requests=2, retries=1, cost=0.5, made_by="a")
    totals.add([Line(id="x", reference="a", error="no", usage=failed)])
    served = totals.complete(Speed(), 2).served
    assert served is not None
    assert (served.latency_p50, served.latency_p99, served.errors) == (1.0, 1.0, 1)
    assert (served.requests, served.retries, served.cost, served.made_by) == (5, 2, 0.75, ("a", "b"))


def test_costs_of_pieces_are_added_where_some_were_not_sent() -> None:
    usages = [Usage(requests=1, cost=0.25, made_by="m"), Usage(requests=0), Usage(requests=1, cost=0.5)]
    whole = join([Hypothesis(text="a", usage=one) for one in usages], [clip(16_000)] * 3)
    assert whole.usage == Usage(requests=2, cost=0.75, made_by="m")


def test_the_pieces_of_a_clip_are_taken_together() -> None:
    usages = [
        Usage(tokens=2, malformed=2, latency=1.0, first_token=0.5, requests=1),
        Usage(tokens=3, malformed=3, limited=1, latency=4.0, requests=2),
    ]
    whole = join([Hypothesis(text="a", usage=one) for one in usages], [clip(16_000), clip(16_000)])
    assert whole.usage == Usage(tokens=5, malformed=5, limited=1, latency=4.0, requests=3)
    assert join([Hypothesis(text="a", usage=usages[0]), Hypothesis(text="b")], [clip(16_000)] * 2).usage is None


class Elsewhere(Staged):
    """Hands its batches on to others, of whom none answers before `together` were asked."""

    def __init__(self, together: int, **card: Any) -> None:
        super().__init__(**card)
        self.together, self.most_waiting = together, 0
        self.waiting: list[tuple[Future[Any], Any]] = []
        self.under_way = 0

    def infer(self, features: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, features))
        self.under_way += 1
        self.most_waiting = max(self.most_waiting, self.under_way)
        if len(self.waiting) == self.together:
            waiting, self.waiting = self.waiting, []
            for one, names in waiting:
                one.set_result(names)
        return future

    def text(self, output: Future[Any]) -> list[Hypothesis]:
        names = output.result(timeout=20)
        self.under_way -= 1
        return super().text(names)


@pytest.mark.parametrize("in_flight", [4, 10])
def test_as_many_batches_are_under_way_as_the_model_says(journal: JournalFile, in_flight: int) -> None:
    model = Elsewhere(in_flight, in_flight=in_flight, served=True)
    work, _ = run(model, journal, warm=False)  # a warm-up would wait for others for ever
    assert texts(journal) == EVERYTHING
    assert work.state.clock.warmup == 0.0
    assert model.most_waiting == in_flight


@pytest.mark.parametrize("error", [ServerError("the server is gone"), CostLimitError("too dear")])
def test_an_error_that_ends_the_run_keeps_what_was_under_way_beside_it(
    journal: JournalFile, error: HarnessError
) -> None:
    class Dying(Elsewhere):
        def look(self, name: str, value: Any) -> Any:
            if name == "text" and value in (["u1"], ["u4"]):
                raise error
            if name == "text" and value == ["u3"]:
                raise ModelError("this clip")
            return value

    with pytest.raises(type(error), match=str(error)):
        run(Dying(5, in_flight=5, served=True, max_batch=1), journal, 5)
    found = texts(journal)
    # Neither what met the error nor what was not begun, so that the same command goes on with them.
    assert {name: found[name] for name in ("u0", "u2", "u3")} == {
        "u0": "this is u0",
        "u2": "this is u2",
        "u3": "this clip",
    }
    assert not {"u1", "u4"} & set(found)


def test_a_failed_clip_of_a_server_takes_its_time_from_the_speed_and_not_its_audio(journal: JournalFile) -> None:
    class Failing(Elsewhere):
        def look(self, name: str, value: Any) -> Any:
            if name == "text" and value == ["u1"]:
                raise ModelError("this clip")
            return value

    work, _ = run(Failing(4, in_flight=4, served=True, max_batch=1), journal)
    clock = work.state.clock
    assert clock.excluded == 0
    assert clock.batches == 20
    assert clock.audio_seconds == clock.audio_seconds_undisturbed == pytest.approx(19 * 0.1)


def test_an_error_that_ends_the_run_does_so_in_a_batch_tried_again_clip_by_clip(journal: JournalFile) -> None:
    class Dying(Staged):
        def look(self, name: str, value: Any) -> Any:
            if name == "text" and "u1" in value:
                raise ServerError("gone") if len(value) == 1 else ModelError("this batch")
            return value

    with pytest.raises(ServerError, match="gone"):
        run(Dying(), journal, budget=Budget(clips=4))
    assert "u1" not in texts(journal)
