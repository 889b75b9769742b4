"""AMI's manual annotations (NXT stand-off XML): words by agent, segments that point at them, and who sat where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchmarks.dataset import Entry

if TYPE_CHECKING:
    from benchmarks.sources.archive import Release

NITE = "{http://nite.sourceforge.net/}"
POINTER = re.compile(r"#id\(([^)]+)\)(?:\.\.id\(([^)]+)\))?")


def segments(release: Release, meetings: frozenset[str], *, headset: bool) -> dict[str, list[Entry]]:
    """The segments of some meetings that hold a word, by their recording: ``<meeting>.Headset-<n>``, ``.Array1-01``.

    A segment is what one person said without a pause, in the annotators' eyes. Its words are in upper case, without
    punctuation, as the field writes AMI's references; its id has the form of Kaldi's.

    Args:
        release: the unpacked annotations or their zip.
        meetings: such as ``ES2004a``.
        headset: whether the recordings are the speakers' headsets, or one distant microphone for all.

    Raises:
        DataError: a file is missing or not XML, or a segment points at words or agents that are not there.
    """
    names = "|".join(sorted(meetings))
    files = dict(release.files(rf"(^|/)((words|segments)/({names})\.[A-Z]\.\w+\.xml|corpusResources/meetings\.xml)$"))
    people = _people(release, files)
    words = {_stem(name): _words(release, name, text) for name, text in files.items() if name.endswith(".words.xml")}
    entries: dict[str, list[Entry]] = {}
    for file, text in sorted(files.items()):
        if not file.endswith(".segments.xml"):
            continue
        meeting, agent = _stem(file)
        if (meeting, agent) not in people or (meeting, agent) not in words:
            raise release.error(f"{file}: no words or no entry in meetings.xml for agent {agent} of {meeting}")
        channel, speaker = people[meeting, agent]
        key = f"{meeting}.Headset-{channel}" if headset else f"{meeting}.Array1-01"
        prefix = f"AMI_{meeting}_{f'H{channel:02d}' if headset else 'SDM'}_{speaker}"
        for element in _xml(release, file, text).iter("segment"):
            reference = _reference(release, file, element, words[meeting, agent])
            if reference:
                start, end = float(element.attrib["transcriber_start"]), float(element.attrib["transcriber_end"])
                name = f"{prefix}_{round(start * 100):07d}_{round(end * 100):07d}"
                entry = Entry.segment(name, reference, meeting, start, end, speaker=speaker)
                entries.setdefault(key, []).append(entry)
    if not entries:
        raise release.error("no segments of the test meetings in it; this is not ami_public_manual")
    return entries


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
