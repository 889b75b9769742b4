"""The hub as a source: a split of a repository as Parquet, read with bounded memory; only the runner decodes.

Order of looking: below `--from` (a clone, a download or a hub cache), else the hub's main branch, else its converted
Parquet (``refs/convert/parquet``), which is all there is of repositories that hold only a loading script.
"""

from functools import partial
from typing import Any

from benchmarks.dataset import ALL_FACTS, MISSHAPEN, Dataset, Entry, Request, Row, Source, Utterances
from benchmarks.sources.header import seconds
from benchmarks.sources.pairing import stem
from benchmarks.sources.split import EntryOf, HubSplit
from harness.errors import DataError

LEADERBOARD = "hf-audio/open-asr-leaderboard"
LEADERBOARD_BEFORE = "hf-audio/esb-datasets-test-only-sorted"
"""Where the leaderboard's English sets were until April 2026; TED-LIUM is only here."""
LEADERBOARD_MULTILINGUAL = "hf-audio/open-asr-leaderboard-multilingual-datasets"
LEADERBOARD_LONGFORM = "hf-audio/asr-leaderboard-longform"


def hub_source(
    repo: str,
    config: str,
    split: str = "test",
    *,
    entry: EntryOf,
    language: str = "en",
    terms: bool = False,
    text_form: str = "",
    locked: tuple[str, ...] = ALL_FACTS,
) -> Source:
    """The source that a split of a repository is; what the arguments mean is said in HubSplit and Source."""
    rows = HubSplit(repo=repo, config=config, split=split, entry=entry, language=language, terms=terms)
    read, state = partial(read_split, rows), partial(_state, rows)
    return Source(kind="hub", where=rows.where, open=read, state=state, text_form=text_form, locked=locked)


def leaderboard_source(
    config: str, split: str = "test", *, entry: EntryOf | None = None, language: str = "en", repo: str = LEADERBOARD
) -> Source:
    """The leaderboard's copy of a set: ids are the corpus's, the text has a form of its own."""
    form, known = "the leaderboard's own copy: its text is not the corpus's, letter for letter", ("rows", "hours")
    read = entry or leaderboard_entry
    return hub_source(repo, config, split, entry=read, language=language, text_form=form, locked=known)


def leaderboards_own(name: str, title: str, **facts: Any) -> Dataset:
    """An English set that was made for the leaderboard and has its name there; of its license nothing is known."""
    return Dataset(
        name=name,
        title=title,
        language="en",
        license=None,
        sources=(leaderboard_source(name),),
        url=f"https://huggingface.co/datasets/{LEADERBOARD}",
        missing="original: made for the leaderboard, in its repository only",
        **facts,
    )


def multilingual_source(config: str, language: str) -> Source:
    """A set of the leaderboard's multilingual repository."""
    return leaderboard_source(config, language=language, repo=LEADERBOARD_MULTILINGUAL)


TEXT_COLUMNS = ("text", "sentence", "normalized_text", "transcript", "transcription")
"""Where the leaderboard's loader looks for the text of a row, in this order."""


def leaderboard_entry(row: Row) -> Entry:
    """A row of the leaderboard's repositories: columns id or file_name, text, audio_length_s."""
    text = next((row[name] for name in TEXT_COLUMNS if row.get(name) is not None), "")
    name = row.get("id") or row.get("file_name") or row.get("audio_path") or f"sample_{row['row_number']}"
    seconds = row.get("audio_length_s", row.get("duration"))
    return Entry(id=stem(str(name)), reference=str(text), duration=None if seconds is None else float(seconds))


def read_split(split: HubSplit, request: Request) -> Utterances:
    """The utterances of a split.

    Raises:
        AccessError: the hub cannot be reached or refuses, or the folder that was named does not hold the split.
        DataError: a file is broken, or a row has no audio.
    """
    from benchmarks.sources.parquet import split_rows

    request.note("source", f"hub:{split.where}")
    for row, audio in split_rows(split, request):
        try:
            entry = split.entry(row)
            if entry is None:
                continue
            _check(entry, audio.origin)
            found = entry.utterance(audio, split.language, seconds(audio) if entry.duration is None else None)
        except MISSHAPEN as error:
            msg = f"{audio.origin}: the row does not have the form of {split.where} ({type(error).__name__}: {error})"
            raise DataError(msg) from error
        yield found


def _state(split: HubSplit, request: Request) -> str | None:
    """See `benchmarks.sources.parquet.state_of_split`."""
    from benchmarks.sources.parquet import state_of_split

    return state_of_split(split, request)


def _check(entry: Entry, origin: str) -> None:
    """An utterance needs an id and a text; a Parquet column may hold anything, and nothing.

    Raises:
        DataError: it has none, or it is no text.
    """
    for name, value in (("id", entry.id), ("text", entry.reference)):
        if not isinstance(value, str) or (name == "id" and not value):
            msg = f"{origin}: the row's {name} is {value!r}, not a text; get the file again, or report it to its owners"
            raise DataError(msg)
