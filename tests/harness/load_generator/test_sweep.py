"""Rate after rate: what is kept, what is left out, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.load_generator.offer import Answer
from harness.load_generator.sweep import LOAD_FILE, REQUESTS_FILE, Heard, Plan, Sweep
from harness.records.codec import loads, read
from harness.records.load import Load
from tests.harness.load_generator.virtual import Queue, exponential


def plan(*rates: float, duration: float = 200.0, max_requests: int = 10_000, cap: int = 50) -> Plan:
    return Plan(
        model="openai:http://127.0.0.1:1/v1#m",
        data="sample",
        clips=[Heard(id="a", seconds=2.0), Heard(id="b", seconds=3.0)],
        rates=rates,
        duration=duration,
        warmup=duration / 10,
        seed=5,
        slo=None,
        max_outstanding=cap,
        max_requests=max_requests,
        timeout=1000.0,
    )


def test_a_sweep_is_on_the_disk_and_can_be_counted_again(tmp_path: Path) -> None:
    said: list[str] = []
    what = plan(0.2, 0.5, 0.8)
    found = Sweep(plan=what, wire=Queue(exponential(1.0, 1)), folder=tmp_path, say=said.append).run()
    assert read(tmp_path / LOAD_FILE, Load) == found
    lines = [json.loads(line) for line in (tmp_path / REQUESTS_FILE).read_text().splitlines()]
    assert len(lines) == what.check() == sum(rate.sent for rate in found.rates)
    for rate in found.rates:
        waits = [one["ended"] - one["intended"] for one in lines if one["rate"] == rate.rate and one["intended"] >= 20]
        assert rate.latency is not None
        assert len(waits) == rate.counted
        assert rate.latency.mean.value == pytest.approx(sum(waits) / len(waits))
        assert rate.latency.max == pytest.approx(max(waits))
    assert said[1].startswith(
        f"rate 0.2: achieved {found.rates[0].achieved:.3g} of {found.rates[0].offered:.3g} a second"
    )
    assert said[0] == f"rate 0.2: {found.rates[0].sent} requests over 200 s"
    assert (found.clips, found.audio_seconds, found.retries, found.notes) == (2, 5.0, 0, ())


def test_after_a_rate_that_was_stopped_higher_ones_are_left_out(tmp_path: Path) -> None:
    said: list[str] = []
    sweep = Sweep(plan=plan(0.5, 20, 40, 0.6), wire=Queue(exponential(1.0, 1)), folder=tmp_path, say=said.append)
    found = sweep.run()
    assert [rate.rate for rate in found.rates] == [0.5, 20]
    assert found.rates[1].stopped is not None
    assert found.rates[1].concurrency_max == 50
    assert found.notes == ("Not run: 40, since 20 is too much already.",)
    assert found.sustained == 0.5
    assert found.knee is None
    assert loads((tmp_path / LOAD_FILE).read_bytes())


def test_after_the_highest_rate_nothing_is_left_out(tmp_path: Path) -> None:
    sweep = Sweep(plan=plan(0.5, 20), wire=Queue(exponential(1.0, 1)), folder=tmp_path, say=lambda _line: None)
    found = sweep.run()
    assert found.rates[1].stopped is not None
    assert found.notes == ()


def test_more_requests_than_allowed_are_refused_before_any_is_sent() -> None:
    with pytest.raises(UsageError, match=r"about 12,000 requests, more than the 10,000 of --max-requests"):
        plan(100, 20, duration=100).check()
    assert plan(100, 20, duration=100, max_requests=12_000).check() == pytest.approx(12_000, rel=0.05)


def test_texts_that_change_under_load_are_counted(tmp_path: Path) -> None:
    class Forgetful(Queue):
        """Gives clip 1 another text from its third request on."""

        heard = 0

        def say(self, clip: int) -> str:
            self.heard += clip
            return "other" if clip and self.heard > 2 else f"text {clip}"

    queue = Forgetful(lambda: 0.1)
    queue.text = queue.say
    found = Sweep(plan=plan(0.5), wire=queue, folder=tmp_path, say=lambda _line: None).run()
    assert found.rates[0].changed_texts == queue.heard - 2 > 10


def test_failures_have_no_text_that_could_change(tmp_path: Path) -> None:
    class Broken(Queue):
        def send(self, clip, done):  # type: ignore[no-untyped-def]
            done(Answer(sent=self.clock, ended=self.clock + 0.1, text="", error="the server answered 500"))

    found = Sweep(plan=plan(0.5), wire=Broken(lambda: 0.1), folder=tmp_path, say=lambda _line: None).run()
    (rate,) = found.rates
    assert rate.changed_texts == 0
    assert rate.errors == {"the server answered 500": rate.counted}
    assert rate.latency is None
    lines = [json.loads(line) for line in (tmp_path / REQUESTS_FILE).read_text().splitlines()]
    assert len(lines) == rate.sent
    for line in lines:
        assert line["error"] == "the server answered 500"
        assert line["ended"] == pytest.approx(line["sent"] + 0.1)
        assert line["first"] is None
        assert line["changed"] is False
        assert line["audio_seconds"] == {"a": 2.0, "b": 3.0}[line["clip"]]
