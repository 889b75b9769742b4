"""What a person sees while a run goes on: on stderr, a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.amounts import amount
from harness.records.stored import Stored
from harness.reporting.escape import plain
from harness.scoring.average import macro_average
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profile_files import get_profile
from harness.streams import exact, tell

if TYPE_CHECKING:
    from rich.progress import Progress

    from harness.records.journal import Line
    from harness.scoring.profiles import Profile

LINE_SECONDS = 15.0
"""How often a line is written where there is no terminal."""


class Tally:
    """The running WER, in each language its own, and speed of one benchmark, from its journal lines."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.counts: dict[str, ErrorCounts] = {}
        self.audio_seconds = self.counted = 0.0
        self.utterances = self.failed = self.limited = 0
        self.served = False

    def add(self, lines: Sequence[Line], *, texts: bool = True) -> None:
        """Counts journal lines, the errors in their texts too unless said otherwise."""
        for line in lines:
            self.utterances += 1
            if line.hypothesis is None:
                self.failed += 1
                continue
            if line.target is None and texts:
                self._count(line.reference, line.hypothesis, line.language)
            self.audio_seconds += line.audio_seconds or 0.0
            self.counted += line.time or 0.0
            self.served |= line.usage is not None and line.usage.requests is not None
            self.limited += line.usage is not None and bool(line.usage.limited)

    def _count(self, reference: str, hypothesis: str, language: str) -> None:
        texts = self._profile.texts(language)
        counts, left, as_written = self._profile.count_pair(texts, reference, hypothesis, language)
        if as_written or not self._profile.drops(left):
            self.counts[language] = self.counts.get(language, ErrorCounts()) + counts

    def settle(self, folder: Path, benchmark: str) -> None:
        """Takes the counts that the table shows: those of the whole benchmark, scored from its journal."""
        from harness.scoring.large import total_of
        from harness.scoring.predictions import read_run
        from harness.scoring.scored import count_systems

        system = read_run(folder)
        held = replace(system, benchmarks=[one for one in system.benchmarks if one.measured_as == benchmark])
        (found,) = count_systems([held], [self._profile], cached=True)
        self.counts = {one.language: total_of(one.kept()) for one in found if one.target is None}

    def __str__(self) -> str:
        """Such as ``8.15 % WER, RTFx 13.2``, or ``de 8.15 % WER, fr 3.21 % WER, macro average 5.68 %``."""
        parts = []
        rates = {language: counts.rate for language, counts in sorted(self.counts.items())}
        for language, rate in rates.items():
            if rate is not None:
                of = f"{language} " if len(rates) > 1 else ""
                parts.append(f"{of}{100 * rate:.2f} % {'CER' if self._profile.by_character(language) else 'WER'}")
        macro = macro_average(
            ((rate, self._profile.by_character(language)) for language, rate in rates.items()), self._profile
        )
        if len(rates) > 1 and macro is not None:
            parts.append(f"macro average {100 * macro:.2f} %")
        if self.counted > 0:
            parts.append(f"RTFx {self.audio_seconds / self.counted:,.1f}{' (served)' if self.served else ''}")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.limited:
            parts.append(f"{self.limited} cut at the limit of tokens")
        return ", ".join(parts)


class Silent:
    """Who is told how a run goes, also where models and benchmarks begin and end. This one says nothing: `--quiet`."""

    def loading(self, model: str, where: str) -> None:
        """A model is about to be loaded, which may take long; `where` is the device, and why it is no other."""

    def loaded(self, model: str, note: str) -> None:
        """A model was loaded; the note is what a reader of its results should know, or empty."""

    def noted(self, text: str) -> None:
        """Something that a reader of the results should know, in one line."""

    def benchmark_started(self, model: str, benchmark: str, profile: str, done: Sequence[Line]) -> None:
        """A benchmark begins; `done` are the journal lines that are there from before."""

    def planned(self, utterances: int, seconds: float, *, more: bool = False) -> None:
        """So many utterances of so many seconds were found and are about to be run; `more` are still to be read."""

    def batch(self, lines: Sequence[Line]) -> None:
        """A batch was journalled."""

    def benchmark_finished(self, folder: Path, benchmark: str) -> None:
        """A benchmark is over; its journal lies in the folder."""


class Lines(Silent):
    """A line at the start and end of each benchmark, and one now and then between."""

    _tally: Tally

    def __init__(self) -> None:
        self._last = time.monotonic()

    def loading(self, model: str, where: str) -> None:
        """Says so: it may take long."""
        self._say(f"{model}: loading on {where}")

    def loaded(self, model: str, note: str) -> None:
        """Says the note, where there is one."""
        if note:
            self._say(f"{model}: {note}")

    def noted(self, text: str) -> None:
        """Says it."""
        self._say(text)

    def benchmark_started(self, model: str, benchmark: str, profile: str, done: Sequence[Line]) -> None:
        """Begins to count; what was done before counts too."""
        self._name = f"{model} on {benchmark}"
        self._tally = Tally(get_profile(profile))
        large = isinstance(done, Stored)  # counting the errors of a million takes a minute
        self._tally.add(done, texts=not large)
        self._total = self._left = 0.0
        self._more = False
        self._begin = time.monotonic()
        if done:
            later = ", whose errors are counted at the end" if large else ""
            self._say(f"{self._name}: going on after {amount(len(done), 'utterance')}{later}")

    def planned(self, utterances: int, seconds: float, *, more: bool = False) -> None:
        """Adds to what is to be done."""
        self._total += seconds
        self._left += seconds
        self._more = more

    def batch(self, lines: Sequence[Line]) -> None:
        """Counts, and shows how far it is."""
        self._tally.add(lines)
        self._moved(sum(line.duration or 0.0 for line in lines))

    def _moved(self, seconds: float) -> None:
        """Says how far it is if the last line is old enough."""
        self._left -= seconds
        if time.monotonic() - self._last > LINE_SECONDS:
            share = 1.0 - max(0.0, self._left) / self._total if self._total else 1.0
            passed = time.monotonic() - self._begin
            ahead = f", {_clock(passed * (1 - share) / share)} left" if share else ""
            if self._more:
                ahead = " of what was read so far"
            self._say(f"{self._name}: {100 * share:.0f} %{ahead}, {self._tally}")

    def benchmark_finished(self, folder: Path, benchmark: str) -> None:
        """The result of the benchmark, before the run ends: what its row of the table will say."""
        self._tally.settle(folder, benchmark)
        self._say(f"{self._name}: {amount(self._tally.utterances, 'utterance')}, {self._tally}")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        tell(text)


class Bars(Lines):
    """A bar for the benchmark in hand, with the time left and the running WER; a line for each that is over."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._task = progress.add_task("", total=None, tally="", visible=False)

    def benchmark_started(self, model: str, benchmark: str, profile: str, done: Sequence[Line]) -> None:
        """A new bar."""
        super().benchmark_started(model, benchmark, profile, done)
        self._progress.reset(self._task, total=None, description=plain(self._name), tally="", visible=True)

    def planned(self, utterances: int, seconds: float, *, more: bool = False) -> None:
        """A longer bar."""
        super().planned(utterances, seconds, more=more)
        if not more:  # until then nobody knows
            self._progress.update(self._task, total=self._total)

    def _moved(self, seconds: float) -> None:
        self._progress.update(self._task, advance=seconds, tally=str(self._tally))

    def benchmark_finished(self, folder: Path, benchmark: str) -> None:
        """Its result instead of the bar."""
        self._progress.update(self._task, visible=False)
        super().benchmark_finished(folder, benchmark)

    def _say(self, text: str) -> None:
        self._progress.console.print(plain(text), markup=False, highlight=False)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def progress(*, quiet: bool) -> Iterator[Silent]:
    """The reporter that fits where stderr goes."""
    if quiet:
        yield Silent()
        return
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[tally]}", markup=False),
    )
    with Progress(*columns, console=Console(file=exact(sys.stderr)), transient=True) as display:
        yield Bars(display)
