"""From a data set to the utterances of a run: opened, sampled, counted, and compared with what is locked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.dataset import Dataset, Request, Utterance, open_dataset
from benchmarks.facts import Seen, check_facts
from benchmarks.sampling import sample_ids
from benchmarks.states import state_of
from harness.errors import AccessError, UsageError
from harness.records.run import AccountRecord, LeftOutRecord
from harness.runner.identity import digest_of

if TYPE_CHECKING:
    from benchmarks.own.account import Account
    from benchmarks.suite import Lock, Suite
    from harness.config import Settings
    from harness.records.run import BenchmarkRecord


class Row(NamedTuple):
    """An utterance without its audio."""

    id: str
    reference: str
    is_chunk: bool
    """Whether it is scored together with others, as the session that they are cut from."""


class Selected:
    """The utterances of one benchmark of a run, and what is found out about them on the way.

    Args:
        dataset: the benchmark.
        lock: what the suite states of it.
        settings: of the run.
        known: seconds by id, from a run's lines: then no audio is opened to see how long it is, but for a sample.
    """

    def __init__(
        self, dataset: Dataset, lock: Lock | None, settings: Settings, known: Mapping[str, float | None] | None = None
    ) -> None:
        self._dataset, self._lock, self._settings, self._known = dataset, lock, settings, known
        self._seen = Seen()
        self._drift: tuple[str, ...] | None = None

    @property
    def revision(self) -> str | None:
        """Of the data, once it is being read and where it is known."""
        return self._seen.revision

    def describe(self, entry: BenchmarkRecord) -> None:
        """Notes where the data came from, and at its end how much there is and whether it is what the lock states."""
        seen = self._seen
        if self._dataset.account is not None:
            entry.account = _recorded(self._dataset.account)
        entry.source, entry.revision = seen.source, seen.revision or entry.revision
        entry.revision_locked = self._lock is not None and self._lock.revision is not None
        if self._drift is not None:
            entry.rows, entry.hours, entry.words, entry.drift = seen.rows, seen.hours, seen.words, self._drift

    def open(self, done: set[str]) -> Iterator[Utterance]:
        """The utterances to run.

        Args:
            done: ids that the journal holds already.

        Raises:
            UsageError: the journal holds utterances outside the sample that was asked for.
            AccessError, DataError: as `open_dataset`, and where the data is not what is stated.
        """
        if self._settings.limit is None and self._settings.part is None:
            return self._counted()
        # The data is read twice, so that none of it is held in memory: first without the audio, where that is costly.
        chosen = self._chosen(self._counted(audio=False))
        self._check_sample(chosen, done)
        return self.part(chosen)

    def _chosen(self, utterances: Iterator[Utterance]) -> set[str]:
        """The ids of the sample that was asked for, or of a part of it: every Nth, in the order of the data."""
        names: list[str] = []

        def noted() -> Iterator[Utterance]:
            for utterance in utterances:
                names.append(utterance.id)
                yield utterance

        limit, part = self._settings.limit, self._settings.part
        chosen = {one.id for one in noted()} if limit is None else sample_ids(noted(), limit, self._settings.seed)
        return chosen if part is None else set([name for name in names if name in chosen][part[0] - 1 :: part[1]])

    def listed(self, done: set[str]) -> list[Row]:
        """The utterances to run without their audio, in the order of the data; `part` reads them.

        Raises:
            As `open`.
        """
        rows: dict[str, Row] = {}

        def noted() -> Iterator[Utterance]:
            for utterance in self._counted(audio=False):
                rows[utterance.id] = Row(utterance.id, utterance.reference, utterance.parent_id is not None)
                yield utterance

        chosen = self._chosen(noted())
        self._check_sample(chosen, done)
        return [row for name, row in rows.items() if name in chosen]

    def part(self, wanted: set[str]) -> Iterator[Utterance]:
        """Some of the utterances, by their ids."""
        return (utterance for utterance in self._read(wanted=wanted) if utterance.id in wanted)

    def _check_sample(self, chosen: set[str], done: set[str]) -> None:
        """Refuses a journal that is not of what was asked for."""
        strays = sorted(done - chosen)
        if strays and self._settings.limit is not None:
            raise UsageError(
                f"the run there has {self._dataset.name} utterances outside this sample, such as {strays[0]!r}: it was "
                "made with another --limit or --seed; give another --out, or --fresh to start over"
            )

    def state(self, known: str | None = None) -> tuple[str | None, str]:
        """The source that would be read and what tells its data from other data; see `DataRecord.digest`.

        `known` is the source that was read before, where one was.

        Raises:
            AccessError, DataError: as `open_dataset`.
        """
        source, state = state_of(self._dataset, self._request(lengths=False), known)
        return source, state or digest_of(self._read(lengths=False))

    def _request(self, *, lengths: bool = True, audio: bool = True, wanted: set[str] | None = None) -> Request:
        pins = self._lock.pins if self._lock is not None else {}
        settings, note = self._settings, self._seen.note
        return Request(
            root=settings.root,
            streaming=settings.streaming,
            channel=settings.heard,
            target=settings.target,
            lengths=lengths,
            audio=audio,
            wanted=wanted,
            note=note,
            pins=pins,
        )

    def try_to_open(self) -> None:
        """Opens the data and reads none of it but the first row.

        Raises:
            As `open`.
        """
        next(self._read(lengths=False, audio=False), None)

    def _read(self, *, lengths: bool = True, audio: bool = True, wanted: set[str] | None = None) -> Iterator[Utterance]:
        return open_dataset(self._dataset, self._request(lengths=lengths, audio=audio, wanted=wanted))

    def _counted(self, *, audio: bool = True) -> Iterator[Utterance]:
        """Passes every utterance on; after the last, compares what was seen with what is stated."""
        known = self._known if self._settings.limit is None else None
        for utterance in self._read(lengths=known is None, audio=audio):
            # Under a condition a clip may be longer or shorter than the data is.
            length = known.get(utterance.id) if known and utterance.audio.condition is None else None
            self._seen.add(utterance, length)
            yield utterance
        drift = check_facts(self._dataset, self._lock, self._seen, allow_drift=self._settings.allow_drift)
        self._drift = tuple(drift)


def at_hand(suite: Suite, datasets: Sequence[Dataset], settings: Settings) -> tuple[list[Dataset], list[AccessError]]:
    """The data sets of a suite of which a source opens, and why none does of each of the others.

    Raises:
        AccessError: none of any opens; it is the first one's.
        DataError: what opens is broken.
    """
    found: list[Dataset] = []
    reasons: list[AccessError] = []
    for dataset in datasets:
        try:
            Selected(dataset, suite.lock.get(dataset.name), settings).try_to_open()
        except AccessError as error:
            reasons.append(error)
        else:
            found.append(dataset)
    if reasons and not found:
        raise reasons[0]
    return found, reasons


def _recorded(account: Account) -> AccountRecord:
    """What run.json holds of own data."""
    left_out = (LeftOutRecord(reason=one.reason, count=one.count, first=one.first) for one in account.left_out.values())
    return AccountRecord(
        form=account.form,
        used=account.used,
        left_out=tuple(left_out),
        columns=dict(account.columns),
        notes=tuple(account.notes),
    )
