"""load.json, and the lines of requests.jsonl: what `load` found out about a server. Times are in seconds."""

from harness.records.codec import FORMAT, Record
from harness.version import VERSION


class Figure(Record, frozen=True, kw_only=True):
    """A quantile or a mean of times, with its 95 % interval."""

    value: float
    low: float | None
    """Null where there are too few requests to tell, or the server does not keep up, so that there is no true one."""
    high: float | None
    """Null as `low`, and where it lies among requests that were given up."""
    at_least: bool = False
    """Whether requests that were given up weigh in it, so that the true one is no less."""


class Times(Record, frozen=True, kw_only=True):
    """A distribution of times."""

    mean: Figure
    p50: Figure
    p95: Figure
    p99: Figure
    max: float

    def figures(self) -> tuple[tuple[str, Figure], ...]:
        """The mean and the quantiles, by name."""
        return ("mean", self.mean), ("p50", self.p50), ("p95", self.p95), ("p99", self.p99)


class Lateness(Record, frozen=True, kw_only=True):
    """How much later than intended this program sent its requests."""

    mean: float
    p99: float
    max: float


class Rate(Record, frozen=True, kw_only=True):
    """What one rate showed."""

    rate: float
    """Requests a second that were asked for."""
    sent: int
    """Requests, those of the warm-up too."""
    counted: int
    """Requests that were to be sent after the warm-up; the figures below are of them."""
    answered: int
    """Of those, the ones that got a transcript."""
    given_up: int
    """Of those, the ones without an answer in the time that was waited for."""
    errors: dict[str, int]
    """What went wrong with the others, and how often."""
    changed_texts: int
    """Transcripts, those of the warm-up too, that differ from the first that their clip got at any rate."""
    seconds: float
    """Of the window: from the end of the warm-up to that of the rate."""
    offered: float
    """Requests a second that were to be sent in the window."""
    achieved: float
    """Transcripts a second that came in the window."""
    rtfx_offered: float
    """Seconds of audio that were to be sent, per second of the window."""
    rtfx_achieved: float
    """Seconds of audio of the transcripts that came, per second of the window."""
    latency: Times | None
    """From the moment at which a request was to be sent, to its whole answer; null where none came."""
    first_token: Times | None
    """From the moment at which a request was to be sent, to the first piece of its answer; null if not streamed."""
    concurrency_mean: float
    """Requests under way, over the time of the window."""
    concurrency_max: int
    """The most requests under way at a time."""
    lateness: Lateness
    late: bool
    """Whether this program sent so late that the figures are of it, and not of the server."""
    stopped: float | None
    """Seconds after which it was stopped, since too many requests were under way; null: all were sent."""
    sustained: bool | None
    """Whether the server keeps up with it; null where this program was late, so that it cannot be told."""
    why: tuple[str, ...]
    """Why it is not sustained, or not known to be."""


class Knee(Record, frozen=True, kw_only=True):
    """Where latency begins to cost more than throughput gains: the rate with the most power (throughput / latency)."""

    rate: float
    """The measured rate with the most power."""
    above: float | None
    """The true one is above this rate, the next lower one; null: it may be lower than all that were measured."""
    below: float | None
    """The true one is below this rate, the next higher one; null: it may be higher than all that were measured."""


class Load(Record, frozen=True, kw_only=True):
    """load.json."""

    format: int = FORMAT
    version: str | None = VERSION
    model: str
    data: str
    """The suite or path that the clips are of."""
    started: str
    """ISO 8601, UTC."""
    clips: int
    audio_seconds: float
    """Of all clips, once each."""
    seed: int
    duration: float
    """Of each rate."""
    warmup: float
    """The first seconds of each rate, which are sent and not counted."""
    slo: float | None
    """What p95 may be in a rate that is sustained; null: anything."""
    max_outstanding: int
    """Requests under way at which a rate is stopped."""
    timeout: float
    """Seconds after which a request is given up."""
    retries: int = 0
    """None are made: a request that is sent again is load that was not asked for."""
    server: str | None = None
    """The command that started the server, where this program started it."""
    rates: tuple[Rate, ...]
    knee: Knee | None
    """Null where fewer than three rates tell."""
    sustained: float | None
    """The highest rate that is sustained, with all lower ones of which it is known; null: none is."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""


class Request(Record, frozen=True, kw_only=True):
    """A line of requests.jsonl: one request. Times are in seconds after the start of its rate."""

    rate: float
    clip: str
    audio_seconds: float
    intended: float
    """When it was to be sent."""
    sent: float | None
    first: float | None
    """When the first piece of its answer came; null if not streamed."""
    ended: float | None
    """When the answer was whole, or known not to come; null: still under way when the waiting ended."""
    error: str | None
    changed: bool
    """Whether the text differs from the first that this clip got."""
