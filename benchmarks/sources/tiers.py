"""Annotations in tiers: Praat's TextGrid (long or short) and ELAN's EAF. Times are in seconds.

Formats: https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html;
https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf.
"""

from __future__ import annotations

import codecs
import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from benchmarks.dataset import MISSHAPEN
from benchmarks.files import whole
from benchmarks.sources.seconds import in_order, seconds
from harness.errors import DataError

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|<exists>|<absent>)(?!\S)')
"""What Praat reads of a text file: free-standing texts, numbers and flags; all else is for people."""
_DECLARED = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
"""What an EAF has no use for, and a bomb needs."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text and where it is."""

    begin: float
    end: float
    text: str


@dataclass(slots=True)
class Tier:
    """A row of annotations: of a speaker, or of a kind."""

    name: str
    speaker: str = ""
    """Who it says that it is of; empty where it does not."""
    annotations: list[Annotation] = field(default_factory=list)
    dependent: bool = False
    """Whether its annotations are notes on those of another tier: a translation, a gloss."""
    without_time: int = 0
    """Annotations whose time nobody stated."""

    @property
    def filled(self) -> list[Annotation]:
        """Those that say something."""
        return [one for one in self.annotations if one.text.strip()]


def read_textgrid(path: Path) -> list[Tier]:
    """The interval tiers of a TextGrid; those of points have no length, and are not speech.

    Raises:
        DataError: it cannot be read, or is none.
    """
    tokens = _tokens(_decoded(path))
    try:
        kind, of = next(tokens), next(tokens)
        if not (str(kind).startswith("ooTextFile") and of == "TextGrid"):
            raise DataError(f"{path}: no TextGrid: it begins with {kind!r}, {of!r}")
        _number(next(tokens)), _number(next(tokens))
        tiers = []
        for _ in range(int(_number(next(tokens))) if next(tokens) == "<exists>" else 0):
            interval = next(tokens) == "IntervalTier"
            tier = Tier(str(next(tokens)))
            _number(next(tokens)), _number(next(tokens))
            for _ in range(int(_number(next(tokens)))):
                begin = _number(next(tokens))
                begin, end = in_order(begin, _number(next(tokens)) if interval else begin)
                text = next(tokens)
                if str(text).strip():
                    seconds(begin, "the begin of an interval that says something")
                if not isinstance(text, str):
                    raise ValueError(f"{text} where a text should be")
                tier.annotations.append(Annotation(begin, end, text))
            if interval:
                tiers.append(tier)
    except StopIteration:
        raise DataError(f"{path}: no whole TextGrid: it ends too early") from None
    except MISSHAPEN as error:
        raise DataError(f"{path}: no TextGrid ({error})") from error
    return tiers


def _tokens(text: str) -> Iterator[str | float]:
    """Texts, flags (as they stand) and numbers."""
    for match in _TOKEN.finditer(text):
        if match[1] is not None:
            yield match[1].replace('""', '"')
        else:
            yield match[2] if match[2].startswith("<") else float(match[2])


def _number(token: str | float) -> float:
    if isinstance(token, str) or not math.isfinite(token):
        raise ValueError(f"{token!r} where a number should be")
    return token


def _decoded(path: Path) -> str:
    """A text file in UTF-8, or in UTF-16 with its mark, as Praat writes what is not ASCII."""
    try:
        data = whole(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def read_eaf(path: Path) -> list[Tier]:
    """The tiers of an EAF; annotations of dependent tiers have the times of those that they are about.

    Raises:
        DataError: it cannot be read, is none, or declares entities.
    """
    text = _decoded(path)
    if _DECLARED.search(text):
        raise DataError(f"{path}: declares a document type or entities, which no EAF does; it is not read")
    try:
        root = ET.fromstring(text.encode())  # noqa: S314 - without entities there is nothing to expand
        if root.tag != "ANNOTATION_DOCUMENT":
            raise DataError(f"{path}: no EAF: its root is {root.tag[:40]!r}")
        return _eaf_tiers(root)
    except (ET.ParseError, *MISSHAPEN) as error:
        raise DataError(f"{path}: no EAF ({type(error).__name__}: {error})") from error


def linked_media(path: Path) -> list[str]:
    """The recordings that an EAF links to, as paths: where they are from its own folder first, then where they were.

    Raises:
        DataError: it cannot be read.
    """
    text = _decoded(path)
    descriptors = re.findall(r"<MEDIA_DESCRIPTOR\b[^>]*>", text)
    found = [
        match[1]
        for name in ("RELATIVE_MEDIA_URL", "MEDIA_URL")
        for one in descriptors
        if (match := re.search(rf'\s{name}="([^"]+)"', one))
    ]
    plain = (unquote(html.unescape(url)).replace("\\", "/") for url in found)
    return list(dict.fromkeys(re.sub(r"^file:(?://(?=/))?(?:/(?=[A-Za-z]:))?", "", url) for url in plain))


def _eaf_tiers(root: ET.Element) -> list[Tier]:
    slots = {
        slot.attrib["TIME_SLOT_ID"]: seconds(slot.attrib["TIME_VALUE"], "TIME_VALUE") / 1_000
        for slot in root.iter("TIME_SLOT")
        if "TIME_VALUE" in slot.attrib
    }
    times: dict[str, tuple[float, float]] = {}
    about: dict[str, str] = {}
    for one in root.iter("ALIGNABLE_ANNOTATION"):
        begin, end = (slots.get(one.attrib[f"TIME_SLOT_REF{number}"]) for number in (1, 2))
        if begin is not None and end is not None:
            times[one.attrib["ANNOTATION_ID"]] = in_order(begin, end)
    for one in root.iter("REF_ANNOTATION"):
        about[one.attrib["ANNOTATION_ID"]] = one.attrib["ANNOTATION_REF"]
    tiers = []
    for element in root.iter("TIER"):
        named = element.attrib
        tier = Tier(named["TIER_ID"], named.get("PARTICIPANT", ""), dependent="PARENT_REF" in named)
        for one in element.iter():
            if one.tag not in {"ALIGNABLE_ANNOTATION", "REF_ANNOTATION"}:
                continue
            place = times.get(_aligned(one.attrib["ANNOTATION_ID"], about))
            if place is None:
                tier.without_time += 1
            else:
                tier.annotations.append(Annotation(*place, (one.findtext("ANNOTATION_VALUE") or "").strip()))
        tiers.append(tier)
    return tiers


def _aligned(name: str, about: dict[str, str]) -> str:
    """The annotation with times that one is about, by way of others."""

    def chain() -> Iterator[str]:
        at: str | None = name
        while at is not None:
            yield at
            at = about.get(at)

    return list(islice(chain(), 100))[-1]
