"""Text from outside made safe to show.

Model names, transcripts and error messages come from files that anybody may have written. Each function takes such a
text and returns what may be placed into one kind of output; nothing else in the project escapes by hand.
"""

from __future__ import annotations

import html as _html
import json
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that move the cursor, reorder or hide text: controls, formats (bidi overrides), separators."""

_JOINERS = {"\u200c", "\u200d"}
"""Format characters that Persian, Hindi and emoji need to be spelled; harmless."""

_HARMLESS = re.compile(r"[\n\t -~]*")
_STYLE = re.compile(r"(\x1b\[[0-9;]*m)")
_COMMAND = re.compile(r"^([ \t]*)::", re.MULTILINE)
_BUILD_COMMAND = re.compile(r"##(?=\w*\[)")
_LATER_COMMAND = re.compile(r"(\n[ \t]*)::")

_LATEX = {"§": r"\S{}", "¶": r"\P{}", "–": "--", "×": r"$\times$", "±": r"$\pm$"}
_LATEX |= {c: f"\\{c}" for c in "{}$&%#_"}
_NAMED = "backslash asciitilde asciicircum less greater bar quotedbl asciigrave dagger daggerdbl"
_LATEX |= {c: rf"\text{name}{{}}" for c, name in zip('\\~^<>|"`†‡', _NAMED.split(), strict=True)}

_MARKDOWN = re.compile(r"[\\`*_\[\]#!|~$]")
_ENDINGS = (
    "com|net|org|edu|gov|mil|int|biz|pro|web|xxx|aero|asia|coop|info|museum|name|shop|app|dev|рф|xn--[a-z0-9-]+"
    "|a[cdefgilmoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegrstu]|f[ijkmor]"
    "|g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]"
    "|n[acefgilopruz]|om|p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghijklmnortuvxyz]|t[cdfghjklmnortvwz]|u[agksyz]"
    "|v[aceginu]|w[fs]|y[et]|z[amw]"
)
"""Of hosts that renderers link where they stand alone (linkify-it), not `tiny.en`."""
_AUTOLINK = re.compile(
    # Schemes, hosts, mentions, mail (GitHub links what has a dot after its sign), numbers of issues.
    rf"\b(?:https?|ftp|mailto):(?!//)|/(?=/[\w\[])|\bwww(?=\.)|(?<=\w)\.(?=(?:{_ENDINGS})(?!\w))"
    r"|(?<!\w)@|@(?=[\w.-]*\.\w)|#(?=\d)",
    re.IGNORECASE,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def plain(text: str) -> str:
    r"""One line without anything that a terminal would obey: ``\x1b`` is shown as those four characters.

    Tabs and line ends become spaces; joiners that scripts need stay.
    """
    text = re.sub(r"[\t\r\n]+", " ", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(c) if c not in _JOINERS and unicodedata.category(c) in _HIDDEN else c for c in text)


def shown(text: str, *, begins_line: bool = True, styled: bool = False) -> str:
    r"""Output of a command with nothing in it that a terminal, or a CI runner that reads it, would obey.

    Controls, overrides of direction and halves of characters become ``\u202e`` and the like, in which JSON reads the
    same character. ``::`` is not left at the beginning of a line, nor ``##[``, ``##vso[`` or ``##teamcity[`` anywhere:
    by them builds are commanded (GitHub's runner, ActionCommand; Azure Pipelines, logging commands; TeamCity, service
    messages).

    Args:
        text: some of the output, with line ends.
        begins_line: whether its first character does.
        styled: whether colors (ours) stay.
    """
    if not text.isascii() or not _HARMLESS.fullmatch(text):
        parts = _STYLE.split(text) if styled else [text]
        parts[::2] = [_moving().sub(lambda found: _code(found[0]), part) for part in parts[::2]]
        text = "".join(parts)
    text = _BUILD_COMMAND.sub(r"#\\u0023", text)
    return _COMMAND.sub(r"\1\\::", text) if begins_line else _LATER_COMMAND.sub(r"\1\\::", text)


def html(text: str) -> str:
    """Text for an HTML element or a quoted attribute."""
    return _html.escape(plain(text), quote=True)


def xml(text: str) -> str:
    """Text for an XML element or a quoted attribute; what XML 1.0 cannot hold at all is shown as its code."""
    return _html.escape(re.sub(r"[\ufffe\uffff]", "\ufffd", plain(text)), quote=True)


def markdown(text: str) -> str:
    """Text for a cell of a GitHub table or a paragraph: nothing but plain letters comes of it.

    An underscore inside a word means nothing to Markdown and is left readable.
    """
    text = plain(text)

    def backslash(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        return "_" if match[0] == "_" and before.isalnum() and after.isalnum() else "\\" + match[0]

    escaped = _MARKDOWN.sub(backslash, text.replace("&", "\0")).replace("\0", "&amp;")
    escaped = escaped.replace("<", "&lt;").replace(">", "&gt;")
    # No backslash keeps GitHub from linking addresses, @names and #numbers; an empty comment in their middle does.
    return _AUTOLINK.sub(r"\g<0><!-- -->", escaped)


def html_in_markdown(text: str) -> str:
    """Text for an element of HTML that stands in Markdown: there GitHub links addresses, @names and #numbers too."""
    return _AUTOLINK.sub(r"\g<0><!-- -->", html(text))


def latex(text: str) -> str:
    """Text for the body of a LaTeX document, of a cell or a line of one too.

    After the end of a line or a row LaTeX takes a ``[`` or ``*`` for its own, however much white space is between.
    """
    made = "".join(_LATEX.get(c, c) for c in plain(text))
    start = made.lstrip()
    return made if start[:1] not in {"[", "*"} else f"{made[: -len(start)]}{{{start[0]}}}{start[1:]}"


def csv_cell(text: str) -> str:
    """Text for a CSV cell which no spreadsheet takes for a formula (quoting is the csv module's)."""
    return "'" + plain(text) if begins_formula(text) else plain(text)


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula; some do after blanks too."""
    return text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)


@cache
def _moving() -> regex.Pattern[str]:
    """What `_HIDDEN` has but for the joiners, line ends and tabs; quicker than to look at each character."""
    import regex

    hidden = "".join(rf"\p{{{category}}}" for category in sorted(_HIDDEN))
    return regex.compile(rf"[[{hidden}]--[{''.join(_JOINERS)}\n\t]]", regex.VERSION1)


def _code(character: str) -> str:
    """As JSON writes it."""
    return json.dumps(character)[1:-1] if ord(character) >= 0x80 else f"\\u{ord(character):04x}"


def _visible(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
