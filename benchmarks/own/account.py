"""What became of everything that was found in own data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class LeftOut:
    """What was passed over for one reason."""

    reason: str
    """Plural, whatever the number: ``hidden files``, ``segments marked to be ignored``."""
    count: int = 0
    first: str = ""
    """Where the first of them is."""

    @property
    def told(self) -> str:
        """``hidden files: 2, the first is calls/.a.wav``."""
        return f"{self.reason}: {self.count:,}, the first is {self.first}"


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of everything that was found: what is used and what is left out add up to it."""

    form: str = ""
    """Title of the form that was recognized."""
    used: int = 0
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    """By its reason."""
    columns: dict[str, str] = field(default_factory=dict)
    """What each column that was found is taken for: ``sentence`` is ``text``; of the others, ``tag``."""
    notes: dict[str, None] = field(default_factory=dict)
    """What was guessed, one line each, in order: the separator of a CSV, which of several splits was taken."""
    _noted: set[str] = field(default_factory=set)

    @property
    def found(self) -> int:
        """Everything that looked like an utterance, or like a file of the data."""
        return self.used + sum(one.count for one in self.left_out.values())

    def become(self, other: Account) -> None:
        """Takes over what another one says: of the same data, read again."""
        self.form, self.used, self.left_out = other.form, other.used, other.left_out
        self.columns, self.notes = other.columns, other.notes

    def leave_out(self, reason: str, where: str) -> None:
        """Counts something that is not used."""
        one = self.left_out.setdefault(reason, LeftOut(reason=reason, first=where))
        one.count += 1

    def note(self, line: str, first: str = "") -> None:
        """Writes down what was guessed, once, and where it was first."""
        if line not in self._noted:
            self._noted.add(line)
            self.notes.setdefault(f"{line}, first {first}" if first else line)
