"""What the user asked of a run, declared and checked once."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.files import stated
from benchmarks.languages import primary_subtag
from harness.devices import AUTO, KINDS, choose, is_device, kind_of, memory_of
from harness.errors import UsageError
from harness.flags import Rule, check, declared, flag, is_file_name, phrases_given
from harness.price import price_of
from harness.runner.plan import Budget

if TYPE_CHECKING:
    from benchmarks.dataset import Channel
    from harness.models.base import ModelCard
    from harness.records.run import Scalar

OnError = Literal["record", "stop", "score-empty"]

DEFAULT_BATCH_SECONDS = {"cpu": 120.0, "mps": 240.0, "cuda": 1200.0}
"""Padded seconds of audio a batch, where the user does not say: small enough for a laptop's memory, large enough to
keep an accelerator busy. Too large is no harm: the runner halves it when memory runs out."""

DEFAULT_DTYPE: dict[str, Literal["float32", "bfloat16"]] = {
    "cpu": "float32",
    "mps": "float32",
    "cuda": "bfloat16",
}

WINDOWED = 4
"""By how much that is multiplied for models that fill every clip up to a window of 30 s: most of it costs little."""

MEMORY_SHARE = 0.5
"""Of an accelerator's memory, for what clips hold beside the weights. The rest is the network's own work."""

_WORKERS = min(8, max(2, (os.cpu_count() or 2) // 2))
"""Threads that decode ahead: one decodes some thousand seconds of audio in a second, and the model needs cores too."""

WHAT, HOW, MANY = "what to run", "how", "on many devices (docs/cluster.md)"
AGAIN = "going on, failing, starting over"
"""The headings of the help."""


def _positive(of: str, most: float = sys.float_info.max) -> Rule:
    return lambda number: 0 < number <= most, f"give a positive number of {of}"


_ONE: Rule = lambda number: number >= 1, "at least one is needed"
_NUMBER: Rule = lambda number: number >= 0, "give a number of utterances"
_DEVICE: Rule = is_device, "give auto, cpu, cuda, cuda:N or mps"
CHANNEL: Rule = (
    lambda name: re.fullmatch(r"mix|best|0|[1-9]\d{0,2}", str(name)) is not None,
    "give mix, best, or a number",
)
_FOLDER: Rule = Path.is_dir, "no such folder"
_RUN_NAME: Rule = (
    lambda name: is_run_name(str(name)),
    "give a plain name of at most 100 characters: no slash, not 'report', no dot, dash or blank at its ends",
)
_PART: Rule = (
    lambda text: (
        (found := re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", str(text))) is not None
        and int(found[1]) <= int(found[2])
    ),
    "give two numbers, as 2/8 for the second of eight parts; the first goes from 1 to the second",
)
_SHARE: Rule = (
    lambda share: 0 < share <= 1 or (share > 1 and share % 1 == 0),
    "give a share of one GPU, such as 0.5, or a whole number",
)


def is_run_name(name: str) -> bool:
    """Whether a run can be called so: the name is that of its folder, beside which the suite's report lies."""
    plain = re.fullmatch(r"[^\s./\\~-](?:[^/\\]*[^\s./\\-])?", name) is not None
    return plain and name.isprintable() and len(os.fsencode(name)) <= 100 and name.lower() != "report"


def channel_named(name: str) -> Channel:
    """What `--channel` means; `CHANNEL` says what it may be."""
    return int(name) if name.isdecimal() else "best" if name == "best" else "mix"


def phrases(text: str) -> tuple[str, ...]:
    """Keywords as the command line takes them: a file with one a line (or a JSON list), or a list with commas.

    Raises:
        UsageError: what looks like a file is none, or cannot be read, or lists keywords by id.
    """
    path = Path(text).expanduser()
    found: Sequence[str]
    if not is_file_name(text):
        found = phrases_given(text)
    else:
        try:
            found = stated(path, "utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise UsageError(f"--keywords {text}: cannot be read as UTF-8 text, one phrase a line: {error}") from None
        listed = [line for line in found if line.strip()]
        if listed and (listed[0].lstrip()[0] in "[{" or all("\t" in line for line in listed)):
            from harness.scoring.keywords.lists import read_keywords

            read = read_keywords(text)
            if read.common is None:
                how = "score takes that; in a run let each row of the data list its own, with --row-keywords"
                raise UsageError(f"--keywords {text}: a list for each id; {how}")
            found = read.common
    kept = tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in found if phrase.strip()))
    if not kept:
        raise UsageError(f"--keywords {text!r}: no word in it; give a file with one phrase a line, or a,b,c")
    return kept


def _options(given: tuple[str, ...]) -> tuple[str, ...]:
    """Options of the model in the order of their names, which is not the user's to choose."""
    names = []
    for each in given:
        name, equals, _ = each.partition("=")
        if not equals or not name:
            raise UsageError(f"--model-option {each}: give NAME=VALUE; list models shows the names")
        if name in names:
            raise UsageError(f"--model-option {name} is given twice")
        names.append(name)
    return tuple(sorted(given))


def _conditions(given: tuple[str, ...]) -> tuple[str, ...]:
    """Each condition that is asked for, with all that it says."""
    if not given:
        return ()
    from harness.perturb.spec import read_conditions

    return tuple(one.text for one in read_conditions(given))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about how a run is done. What is measured, suite and models, stands beside it."""

    limit: int | None = flag(
        None, WHAT, "N utterances a benchmark, sampled over all lengths", "N", rule=_positive("utterances")
    )
    seed: int = flag(0, WHAT, "seed of that sample", "N")
    name: str | None = flag(
        None,
        WHAT,
        "what the run is called in tables, and as its folder; unless said by its model",
        "NAME",
        rule=_RUN_NAME,
        stored=False,
    )
    profile: str | None = flag(
        None, WHAT, "rules to score under, by name or TOML file; unless said the suite's", "NAME"
    )

    channel: str = flag(
        "mix",
        WHAT,
        "of several channels: all mixed, the one with most speech, or the Nth from 0",
        "mix|best|N",
        rule=CHANNEL,
    )
    perturb: tuple[str, ...] = flag(
        (), WHAT, "also under conditions, such as noise:snr=20,10,0; repeats (docs/robustness.md)", "SPEC"
    )

    task: Literal["transcribe", "translate"] = flag("transcribe", WHAT, "translate: into the language of --target")
    target: str | None = flag(None, WHAT, "language to translate into, as de or German", "LANG")

    out: Path = flag(Path("results/runs"), HOW, "folder that holds the runs", "DIR", stored=False)
    root: Path | None = flag(
        None, HOW, "folder with the original data sets", "DIR", rule=_FOLDER, name="--from", stored=False
    )
    streaming: bool = flag(False, HOW, "read the hub's files as they are needed; keep none")
    device: str = flag(
        AUTO, HOW, "where the model runs: cpu, cuda, cuda:N, mps; auto: the best that is here", "NAME", rule=_DEVICE
    )
    dtype: Literal["auto", "float32", "bfloat16"] = flag("auto", HOW, "auto: bfloat16 on cuda, else float32")
    attention: Literal["auto", "flash", "varlen", "sdpa"] = flag("auto", HOW, "auto: the fastest that runs here")
    cudnn_attention: bool = flag(False, HOW, "let cuDNN attend, which on new GPUs plans each new batch shape anew")
    batch_size: int | None = flag(None, HOW, "clips a batch", "N", rule=_positive("clips"), alone=True)
    batch_seconds: float | None = flag(
        None, HOW, "padded seconds of audio a batch", "S", rule=_positive("seconds"), alone=True
    )
    workers: int = flag(_WORKERS, HOW, "threads that decode ahead, half the cores unless said", "N", rule=_ONE)
    revision: str | None = flag(None, HOW, "revision of the model on the hub, in place of the pinned one", "SHA")
    trust_remote_code: bool = flag(False, HOW, "let a model's own code from the hub run here")
    family: str | None = flag(None, HOW, "take the model for one of this family (list models), or guess", "NAME|guess")
    model_option: tuple[str, ...] = flag(
        (), HOW, "something the model can be told (list models); repeats", "NAME=VALUE", name="--model-option"
    )
    keywords: tuple[str, ...] = flag(
        (), HOW, "words to listen for: a file with one a line, or a list", "FILE|A,B", parse=phrases
    )
    row_keywords: bool = flag(False, HOW, "words to listen for: also those that each row of the data lists")
    price: str | None = flag(
        None, HOW, "what an hour of machine or a minute of audio costs, for a column: 2.5/h, 0.006/min", "MONEY/h|/min"
    )
    energy: bool = flag(False, HOW, "a column of watt-hours for an hour of audio")
    peak_tflops: float | None = flag(
        None,
        HOW,
        "most that the device can do in this number format, for a column of FLOP utilization",
        "N",
        rule=_positive("TFLOP a second"),
    )
    concurrency: int = flag(4, HOW, "requests at a time, where the model is a server", "N", rule=_ONE)
    max_cost: float | None = flag(
        None, HOW, "end before the run costs more; needs the option price", "USD", rule=_positive("US dollars")
    )
    yes_this_costs: bool = flag(False, HOW, "ask servers that may bill for it", stored=False)
    clock: Literal["phases", "leaderboard"] = flag(
        "phases", HOW, "leaderboard: also time each benchmark as the leaderboard's scripts do, in a pass of its own"
    )
    repeats: int = flag(1, HOW, "run N times in all, for the spread of speed", "N", rule=_positive("runs"))
    audit_batching: int = flag(0, HOW, "transcribe N utterances again in other batches", "N", rule=_NUMBER)

    shard: str | None = flag(
        None,
        MANY,
        "only the Ith of N parts; the same command without it takes in all that are there",
        "I/N",
        rule=_PART,
        stored=False,
    )
    engine: Literal["local", "ray"] = flag("local", MANY, "in this process, or on Ray workers")
    ray_address: str | None = flag(
        None, MANY, "a running cluster, or auto; unless said one is started", "HOST:PORT", stored=False
    )
    ray_workers: int | None = flag(None, MANY, "copies of the model; unless said one for each device", "N", rule=_ONE)
    gpus_per_worker: float = flag(1.0, MANY, "GPUs for each, or the share of one", "F", rule=_SHARE)
    cpus_per_worker: int = flag(1, MANY, "CPUs for each, without GPUs", "N", rule=_ONE)

    on_error: OnError = flag(
        "record", AGAIN, "a failed utterance is recorded, stops the run, or counts as an empty transcript"
    )
    batch_timeout: float | None = flag(
        None, AGAIN, "give the run up where a stage of a batch takes longer", "S", rule=_positive("seconds", math.inf)
    )
    retry_failed: bool = flag(False, AGAIN, "run utterances that failed before again", stored=False)
    fresh: bool = flag(False, AGAIN, "start over; the old run is kept under another name", stored=False)
    mix_packages: bool = flag(
        False, AGAIN, "go on, marked, by other versions of packages that can change transcripts than before"
    )
    allow_drift: bool = flag(False, AGAIN, "go on, marked as not comparable, where data differs from the lock")

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        check(self)
        object.__setattr__(self, "model_option", _options(self.model_option))
        object.__setattr__(self, "perturb", _conditions(self.perturb))
        if (self.task == "translate") != (self.target is not None):
            raise UsageError("--task translate and --target LANG need each other")
        if self.target is not None:
            object.__setattr__(self, "target", primary_subtag(self.target, "--target"))
        if self.price is not None:
            price_of(self.price)
        if self.root is not None and self.streaming:
            both = f"--streaming reads from the hub, --from {self.root} from the disk"
            raise UsageError(f"{both}; leave one of them out")
        if self.engine == "local" and (self.ray_address is not None or self.ray_workers is not None):
            raise UsageError("--ray-address and --ray-workers need --engine ray")
        if self.shard and (self.clock != "phases" or self.repeats > 1 or self.audit_batching):
            raise UsageError(
                f"--shard {self.shard} is of a part: --clock leaderboard, --repeats and --audit-batching look at a "
                "whole run; leave them out"
            )
        if self.engine == "ray" and self.clock == "leaderboard":
            raise UsageError("--clock leaderboard times one device, as the leaderboard does; leave out --engine ray")
        if self.engine == "ray" and ":" in self.device:
            raise UsageError(f"--device {self.device}: --engine ray gives each worker its own; say --device cuda")

    def on(self, kinds: Sequence[str] = KINDS) -> Settings:
        """The same for a model that runs on some kinds of device: `auto` becomes a device and a number format."""
        device = choose(self.device, kinds)
        dtype = DEFAULT_DTYPE[kind_of(device)] if self.dtype == "auto" else self.dtype
        return replace(self, device=device, dtype=dtype)

    @property
    def part(self) -> tuple[int, int] | None:
        """`--shard`: which part, from 1, of how many; None is the whole."""
        return None if self.shard is None else (int((found := self.shard.split("/"))[0]), int(found[1]))

    @property
    def heard(self) -> Channel:
        """What is heard of files with several channels, where their rows do not say."""
        return channel_named(str(self.channel))

    @property
    def budget_seconds(self) -> float | None:
        """Padded seconds a batch: what was asked for, else the device's default unless clips were asked for.

        Known once `on` has said which device.
        """
        if self.batch_seconds is not None or self.batch_size is not None:
            return self.batch_seconds
        return DEFAULT_BATCH_SECONDS[kind_of(self.device)]

    def budget(self, card: ModelCard | None) -> Budget:
        """What may go into a batch, by the user's wish and the model's limits; None where those are not known yet."""
        seconds, given = self.budget_seconds, self.batch_seconds is not None
        if card is None:
            return Budget(seconds=seconds, clips=self.batch_size)
        limits = [limit for limit in (self.batch_size, card.max_batch) if limit is not None]
        if self.batch_size is None and not given and (most := self._fitting(card)) is not None:
            limits.append(most)
        if card.window_seconds and seconds is not None and not given:
            seconds *= WINDOWED
        window = card.window_seconds or 0.0
        return Budget(seconds=seconds, clips=min(limits, default=None), packs=card.packs, window=window)

    def _fitting(self, card: ModelCard) -> int | None:
        """Clips whose states fit into the device beside the weights, one at least; None where that is not known."""
        memory = memory_of(self.device)
        if memory is None or card.clip_bytes is None:
            return None
        return max(1, int((MEMORY_SHARE * memory - (card.weight_bytes or 0)) // card.clip_bytes))

    def as_dict(self) -> dict[str, Scalar]:
        """For run.json: plain values, without what concerns this one process only."""
        return {each.field: getattr(self, each.field) for each in declared(Settings) if each.stored}
