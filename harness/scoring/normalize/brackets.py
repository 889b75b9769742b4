"""What stands in brackets, left out by the rules of the leaderboard's normalizers, in time that grows with the text.

Of an opening bracket that none closes, the expressions try all that follows, and do so for each; behind the last
closing one they match nothing, so that part is not shown to them.
"""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"[<\[][^>\]]*[>\]]")
_PARENTHESES = re.compile(r"\(([^)]+?)\)")


def without_brackets(text: str) -> str:
    """The text without what stands in angle or square brackets, of whichever kinds the two ends are."""
    end = max(text.rfind(">"), text.rfind("]")) + 1
    return _BRACKETS.sub("", text[:end]) + text[end:] if end else text


def without_parentheses(text: str) -> str:
    """The text without what stands in parentheses; empty ones stay."""
    end = text.rfind(")") + 1
    return _PARENTHESES.sub("", text[:end]) + text[end:] if end else text
