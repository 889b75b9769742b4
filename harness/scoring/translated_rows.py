"""Which rows of somebody's predictions have no translation, where others of the file have one."""

from collections.abc import Callable, Iterable, Mapping

from harness.scoring.timed_rows import journal_row

TRANSLATION = "translation"
"""A column that holds the reference of a translation: the row is one, whatever else it holds."""
TARGET = ("target_language", "target_lang", "tgt_lang")
"""Columns that state the language of a translation."""
_BESIDE = ("reference", "ref", "ground_truth")
"""Columns that hold the reference also beside a column of translations, where ``text`` is what was spoken."""

Values = Mapping[str, object]


def untranslated_among(every: Iterable[Values]) -> Callable[[Values], bool] | None:
    """Tells the rows without a translation of a file that has a column of them: what they say is what was spoken.

    Where rows state the language of their translation, one that does not is a transcript, which is refused elsewhere,
    and one that does may have it as its reference. None: the file has no such column.
    """
    held = stated = False
    for values in every:
        if not journal_row(values):
            held, stated = held or TRANSLATION in values, stated or _states_target(values)

    def lacks(values: Values) -> bool:
        if journal_row(values) or values.get(TRANSLATION) is not None:
            return False
        return not stated or (_states_target(values) and not any(name in values for name in _BESIDE))

    return lacks if held else None


def _states_target(values: Values) -> bool:
    return any(isinstance(said := values.get(name), str) and bool(said.strip()) for name in TARGET)
