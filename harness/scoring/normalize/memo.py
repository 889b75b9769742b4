"""What a function makes of texts, remembered."""

from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Memo(dict[str, Found], Generic[Found]):
    """What a function makes of each text, found out when it is first looked up with ``[]``.

    Args:
        make: the function.
    """

    def __init__(self, make: Callable[[str], Found]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> Found:
        self[text] = found = self._make(text)
        return found
