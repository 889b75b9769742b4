"""AMI's manual annotations (NXT stand-off XML): words by agent, segments that point at them, and who sat where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.sources.archive import Release

NITE = "{http://nite.sourceforge.net/}"
POINTER = re.compile(r"#id\(([^)]+)\)(?:\.\.id\(([^)]+)\))?")


@dataclass(frozen=True, slots=True)
class Segment:
    """What one person said without a pause, in the annotators' eyes."""

    meeting: str
    channel: int
    """Number of the headset."""
    speaker: str
    """The corpus's name of the person, such as ``MEE068``."""
    start: float
    end: float
    """Seconds into the meeting."""
    text: str
    """Words in upper case, without punctuation, as the field writes AMI's references."""


def segments(release: Release, meetings: frozenset[str]) -> Iterator[Segment]:
    """The segments of some meetings that hold a word.

    Args:
        release: the unpacked annotations or their zip.
        meetings: such as ``ES2004a``.

    Raises:
        DataError: a file is missing or not XML, or a segment points at words or agents that are not there.
    """
    names = "|".join(sorted(meetings))
    files = dict(release.files(rf"(^|/)((words|segments)/({names})\.[A-Z]\.\w+\.xml|corpusResources/meetings\.xml)$"))
    people = _people(release, files)
    words = {_stem(name): _words(release, name, text) for name, text in files.items() if name.endswith(".words.xml")}
    found = False
    for name, text in sorted(files.items()):
        if not name.endswith(".segments.xml"):
            continue
        meeting, agent = _stem(name)
        if (meeting, agent) not in people or (meeting, agent) not in words:
            raise release.error(f"{name}: no words or no entry in meetings.xml for agent {agent} of {meeting}")
        channel, speaker = people[meeting, agent]
        for element in _xml(release, name, text).iter("segment"):
            reference = _reference(release, name, element, words[meeting, agent])
            if reference:
                found = True
                start, end = float(element.attrib["transcriber_start"]), float(element.attrib["transcriber_end"])
                yield Segment(meeting, channel, speaker, start, end, reference)
    if not found:
        raise release.error("no segments of the test meetings in it; this is not ami_public_manual")


def _stem(name: str) -> tuple[str, str]:
    """Meeting and agent of ``words/ES2004a.A.words.xml``."""
    meeting, agent, *_ = name.rpartition("/")[2].split(".")
    return meeting, agent


def _xml(release: Release, name: str, text: bytes) -> ET.Element:
    """The root of an XML file, which says its encoding (Latin-1). Expat limits how much entities may grow."""
    try:
        return ET.fromstring(text)  # noqa: S314 - see above
    except (ET.ParseError, ValueError, LookupError) as error:  # the last is an encoding that nobody knows
        raise release.error(f"{name} is not XML ({error})") from error


def _people(release: Release, files: Mapping[str, bytes]) -> dict[tuple[str, str], tuple[int, str]]:
    """Headset and name by meeting and agent. EN2001 has five people in three of its meetings."""
    name = next((name for name in files if name.endswith("meetings.xml")), None)
    if name is None:
        raise release.error("no corpusResources/meetings.xml in it; this is not ami_public_manual")
    return {
        (meeting.attrib["observation"], person.attrib["nxt_agent"]): (
            int(person.attrib["channel"]),
            person.attrib["global_name"],
        )
        for meeting in _xml(release, name, files[name]).iter("meeting")
        for person in meeting.iter("speaker")
    }


def _words(release: Release, name: str, text: bytes) -> tuple[dict[str, int], list[str]]:
    """Places by id and, at each place, the word; punctuation, laughter and gaps are empty there."""
    places: dict[str, int] = {}
    texts: list[str] = []
    for element in _xml(release, name, text):
        is_word = element.tag == "w" and element.attrib.get("punc") != "true"
        places[element.attrib[f"{NITE}id"]] = len(texts)
        texts.append((element.text or "").strip().upper() if is_word else "")
    return places, texts


def _reference(release: Release, name: str, element: ET.Element, words: tuple[dict[str, int], list[str]]) -> str:
    """The words that a segment points at."""
    places, texts = words
    out: list[str] = []
    for child in element.iter(f"{NITE}child"):
        match = POINTER.search(child.attrib.get("href", ""))
        if match is None or match[1] not in places or (match[2] or match[1]) not in places:
            raise release.error(f"{name}: a segment points at no words: {child.attrib.get('href', '')[:120]!r}")
        out += texts[places[match[1]] : places[match[2] or match[1]] + 1]
    return " ".join(word for word in out if word)
