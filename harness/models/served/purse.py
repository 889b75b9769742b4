"""What a run costs: prices by the minute of audio, and `--max-cost`."""

from __future__ import annotations

import threading

from harness.errors import CostLimitError


class Purse:
    """Counts what was spent, and refuses what would pass the limit. Safe to use from many threads.

    Args:
        price: US dollars a minute of audio; None is not known.
        most: `--max-cost`, in US dollars; None is no limit.
        spent: by the same run before.
    """

    def __init__(self, price: float | None = None, most: float | None = None, spent: float = 0.0) -> None:
        self._price, self._most, self.spent = price, most, spent
        self._lock = threading.Lock()

    def take(self, seconds: float) -> float | None:
        """Takes out what so many seconds of audio cost, before they are sent.

        Returns:
            The cost, to be given back where nothing came of it.

        Raises:
            CostLimitError: the limit would be passed.
        """
        if self._price is None:
            return None
        cost = self._price * seconds / 60
        with self._lock:
            # In billionths, so that ten times 0.1 are no more than 1.
            if self._most is not None and round((self.spent + cost) * 1e9) > round(self._most * 1e9):
                raise CostLimitError(
                    f"the next request, of {cost:.4f} USD, would pass --max-cost {self._most:g}: {self.spent:.4f} USD "
                    f"are spent or under way; what was done is journalled, and the same command goes on with a larger "
                    "--max-cost"
                )
            self.spent += cost
        return cost

    def give_back(self, cost: float | None) -> None:
        """Undoes `take`: the server answered with an error, or nothing was sent."""
        if cost is not None:
            with self._lock:
                self.spent -= cost
