"""Monsoon (Voice Arena, 2026): unscripted conversations in Indian English and in Hindi, on people's own phones."""

import json
from functools import partial
from typing import Any

from benchmarks.dataset import Dataset, Entry, Row
from benchmarks.sources.hub import hub_source
from benchmarks.sources.pairing import stem

_ZONES = {
    "north": "Chandigarh, Delhi, Haryana, Himachal Pradesh, Jammu and Kashmir, Ladakh, Punjab, Rajasthan",
    "central": "Chhattisgarh, Madhya Pradesh, Uttar Pradesh, Uttarakhand",
    "east": "Bihar, Jharkhand, Odisha, West Bengal",
    "west": "Dadra and Nagar Haveli and Daman and Diu, Goa, Gujarat, Maharashtra",
    "south": "Andhra Pradesh, Karnataka, Kerala, Puducherry, Tamil Nadu, Telangana",
    "northeast": "Arunachal Pradesh, Assam, Manipur, Meghalaya, Mizoram, Nagaland, Sikkim, Tripura",
}
ZONES = {state.casefold(): zone for zone, states in _ZONES.items() for state in states.split(", ")}
"""The zonal council of the Ministry of Home Affairs that a state belongs to; Telangana is in the southern one."""


def hub_entry(text: str, row: Row) -> Entry:
    """A row: id, `text` or ``lattice``, audio_length_s, speaker_id, gender, native_state, and more about the speaker.

    Raises:
        ValueError: a lattice is no list of slots that are lists of spellings.
    """
    name = str(row.get("id") or row.get("file_name") or row["audio_path"]).replace("\\", "/").rpartition("/")[2]
    state = str(row.get("native_state") or "").strip()
    found = {
        "gender": row.get("gender"),
        "native_state": state,
        "zone": ZONES.get(state.replace("&", "and").casefold()),
    }
    length = row.get("audio_length_s")
    return Entry(
        id=stem(name),
        reference=_lattice(row[text]) if text == "lattice" else row[text],
        duration=None if length is None else float(length),
        session=str(row["speaker_id"]),
        tags={key: str(value) for key, value in found.items() if value},
    )


def _lattice(value: Any) -> str:
    """Slots with the spellings that are right, as the JSON text that scoring reads."""
    slots = json.loads(value) if isinstance(value, str) else value
    good = isinstance(slots, list) and slots and all(isinstance(slot, list) and slot for slot in slots)
    if not good or not all(isinstance(variant, str) for slot in slots for variant in slot):
        raise ValueError("lattice is not a list with a list of spellings for each slot")
    return json.dumps(slots, ensure_ascii=False)


def _dataset(language: str, region: str, title: str, text: str, **facts: Any) -> Dataset:
    """The public test set of one language."""
    read = partial(hub_entry, text)
    names = (f"VoiceArena/Monsoon_{region}_test", f"VoiceArena/MonsoonASR-Open-ASR-leaderboard-{facts.pop('card')}")
    return Dataset(
        name=f"monsoon_{region.lower()}",
        title=title,
        language=language,
        license="CC-BY-4.0",
        sources=tuple(hub_source(name, "default", entry=read, language=language) for name in names),
        url=f"https://huggingface.co/datasets/{names[1]}",
        file_patterns=(rf"(?<![a-z])monsoon_{region}(?![a-z])(_test)?(_default)?(_?_test)?",),
        missing="original: on the hub only",
        **facts,
    )


ENGLISH = _dataset(
    "en",
    "en_IN",
    "Monsoon, Indian English, public test",
    "text",
    card="en-IN",
    rows=2102,
    hours=5.6243,
    columns=("Voice Arena Monsoon WER",),
    notes="Lower-case text without punctuation, numerals in words, hesitations and false starts kept. Clips of one "
    "channel, 9.6 s on average. The session is the speaker; 1,444 speakers from 428 districts. License and number of "
    "rows as third parties state them; which of the two names on the hub is to stay is not known.",
)
HINDI = _dataset(
    "hi",
    "hi",
    "Monsoon, Hindi, public test",
    "lattice",
    card="hi-IN",
    hours=1.33,
    columns=("hi_monsoon",),
    notes="A reference is a lattice: for each slot the spellings that are right. The leaderboard scores it with "
    "voi_oiwer (profile leaderboard@2026-10). Clips of 6.4 s on average, 468 speakers: the session. License as third "
    "parties state it.",
)
