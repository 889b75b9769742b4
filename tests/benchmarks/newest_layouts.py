"""The newest sets as their owners lay them out: Monsoon, URGENT 2024, CORAAL, and FLEURS with corrections."""

from __future__ import annotations

import json
from typing import Any

import soundfile

from tests.benchmarks.corpus_layouts import Built, english, fleurs
from tests.benchmarks.layouts import audio_struct, encode

SPEAKER = {
    "gender": "female",
    "date_of_birth": "1990-01-01",
    "occupation": "teacher",
    "native_district": "Chennai",
    "native_state": "Tamil Nadu",
    "device_model": "a phone",
}
LATTICE = [["हाँ", "हां"], ["ठीक है", "ठीकहै"]]


def monsoon(region: str) -> Built:
    """Two clips of one speaker and one of another."""
    rows, expected = [], {}
    for number, clip in enumerate(english(3)):
        name = f"clip_{number:04d}"
        text: dict[str, Any] = {"text": clip.text.lower()} if region == "en_IN" else {"lattice": LATTICE}
        rows.append(
            {
                "id": f"{name}.wav",
                "audio": audio_struct(encode(*clip.samples(), "WAV", "PCM_16"), f"{name}.wav"),
                "audio_length_s": round(clip.seconds, 3),
                "language": region,
                "speaker_id": f"spk_{number // 2}",
                **text,
                **SPEAKER,
            }
        )
        expected[name] = text.get("text") or json.dumps(LATTICE, ensure_ascii=False)
    return Built({}, {f"Monsoon_{region}_test/data/test-00000-of-00001.parquet": rows}, expected)


def urgent(config: str) -> Built:
    """WAV clips, of which the noisy ones state their ratio."""
    rows, expected = [], {}
    for number, clip in enumerate(english(3)):
        name, text = f"fileid_{number}", f"{clip.text.capitalize()}."
        row = {
            "dataset": config,
            "audio": audio_struct(encode(*clip.samples(), "WAV", "PCM_16"), f"{name}.wav"),
            "text": text,
            "id": name,
            "audio_length_s": round(clip.seconds, 3),
        }
        rows.append(row if config.endswith("clean") else {**row, "snr_db": -2.5 + 12.5 * number})
        expected[name] = text
    return Built({}, {f"open-asr-leaderboard/{config}/test-00000-of-00001.parquet": rows}, expected)


LINES = (
    ("int", "0.5", "[So] tell me (laughing) about it.", "1.9"),
    ("int", "1.9", "(pause 0.45)", "2.3"),
    ("se0", "2.3", "I grew up <ts> on /RD-NAME-2/ street (he said so).", "3.0"),
    ("se0", "3.0", "(whispered)", "3.1"),
)
SAID = "So tell me about it. I grew up on street (he said so)."


def coraal(component: str) -> Built:
    """An interview as the release has it, and as the leaderboard's copy has it."""
    built, (clip,) = Built(), english(1)
    name = f"{component}_se0_ag1_f_01_1"
    data = encode(*clip.samples(), "WAV", "PCM_16")
    table = ["Line\tSpkr\tStTime\tContent\tEnTime"]
    table += [f"{number}\t{who}\t{begin}\t{text}\t{end}" for number, (who, begin, text, end) in enumerate(LINES, 1)]
    built.files = {
        f"{component}/{component}_textfiles_2021.07/{name}.txt": "\n".join(table).encode(),
        f"{component}/{component}_audio_part01_2021.07/{name}.wav": data,
        f"{component}/{component}_metadata_2021.07.txt": b"CORAAL.Sub\tGender\n",
    }
    row = {"audio": audio_struct(data, f"{name}.wav"), "text": SAID, "file_id": name, "Gender": "Female"}
    built.parquet = {f"coraal/{component}/test-00000-of-00001.parquet": [row]}
    built.expected = {name: SAID}
    return built


def fleurs_hy(corrections: tuple[dict[str, str], ...] | None = None) -> Built:
    """FLEURS in Armenian, read in Dutch here, one reference of which was corrected."""
    built = fleurs("hy")
    first, second, *_ = built.expected
    fixes = corrections or (
        {
            "file_name": f"test/{first}.wav",
            "original_transcription": built.expected[first],
            "corrected_transcription": "Նա ասաց՝ այո։",
        },
        {
            "file_name": f"{second}.wav",
            "original_transcription": "as it was before the release was corrected",
            "corrected_transcription": built.expected[second],
        },
    )
    built.expected[first] = "Նա ասաց՝ այո։"
    table = "".join(json.dumps(fix, ensure_ascii=False) + "\n" for fix in fixes).encode()
    built.files["fleurs-corrections/test.jsonl"] = table
    built.parquet["Metric-AI--fleurs-corrections/data/test-00000-of-00001.parquet"] = list(fixes)
    return built


def common_voice_26_hy() -> Built:
    """The leaderboard's own rows of Common Voice in Armenian."""
    rows, expected = [], {}
    for number, clip in enumerate(english(2)):
        name = f"common_voice_hy-AM_{number}"
        rows.append(
            {
                "audio": audio_struct(clip.path.read_bytes(), f"{name}.flac"),
                "text": "Բարև ձեզ։",
                "file_name": f"{name}.flac",
                "audio_length_s": soundfile.info(clip.path).duration,
            }
        )
        expected[name] = "Բարև ձեզ։"
    path = "open-asr-leaderboard-multilingual-datasets/mcv_hy/test-00000-of-00001.parquet"
    return Built({}, {path: rows}, expected)
