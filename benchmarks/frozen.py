"""A dataclass that the type checker alone keeps from being changed.

At run time a frozen dataclass sets each field by a call: an utterance of 13 fields then takes three times as long to
make, and a row of a data set is made into several such objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as frozen_when_checked
else:
    from dataclasses import dataclass

    def frozen_when_checked(*, frozen: bool, slots: bool, kw_only: bool):
        """As `dataclass`, compared and hashed as if it were frozen."""
        return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)


__all__ = ["frozen_when_checked"]
