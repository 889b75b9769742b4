"""The original layout and the hub's Parquet of each corpus, written from the same real clips."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from tests.benchmarks.layouts import (
    Clip,
    audio_struct,
    clips,
    encode,
    leaderboard_rows,
    librispeech_files,
    librispeech_rows,
    write_files,
    write_parquet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

RATE = 16_000
WORDS = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}


@dataclass
class Built:
    """One benchmark, twice."""

    files: dict[str, bytes] = field(default_factory=dict)
    """The original release, by path below `--from`; empty where there is none."""
    parquet: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The hub's rows, by path below `--from`."""
    expected: dict[str, str] = field(default_factory=dict)
    """Reference by id."""

    def write_release(self, root: Path) -> Path:
        """Writes the original release."""
        return write_files(root, self.files)

    def write_parquet(self, root: Path) -> Path:
        """Writes the hub's copy."""
        for name, rows in self.parquet.items():
            write_parquet(root / name, rows)
        return root


def recording(found: Sequence[Clip], gap: int = RATE) -> tuple[Any, list[tuple[float, float]]]:
    """Clips one after another with silence between: samples at 16 kHz, and begin and end of each in seconds."""
    parts, spans, at = [np.zeros(gap, dtype=np.int16)], [], gap
    for clip in found:
        samples, rate = clip.samples()
        assert rate == RATE
        parts += [samples, np.zeros(gap, dtype=np.int16)]
        spans.append((at / RATE, (at + len(samples)) / RATE))
        at += len(samples) + gap
    return np.concatenate(parts), spans


def segment(data: bytes, span: tuple[float, float]) -> bytes:
    """A segment of an encoded recording as the WAV that the hub has, cut where the corpus says."""
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        begin, end = (round(place * sound.samplerate) for place in span)
        sound.seek(begin)
        return encode(sound.read(end - begin, dtype="int16"), sound.samplerate, "WAV", "PCM_16")


def english(count: int = 3, first: int = 0) -> list[Clip]:
    """Real English clips, FLAC, 16 kHz; the shortest, to be quick."""
    pool = sorted(clips("librispeech_test_other"), key=lambda clip: (clip.seconds, clip.id))
    return pool[first : first + count]


def librispeech(kind: str) -> Built:
    part = f"test-{kind}"
    rows = librispeech_rows(3)
    return Built(
        librispeech_files(part, 3),
        {f"librispeech_asr/{kind}/test/0000.parquet": rows},
        {row["id"]: row["text"] for row in rows},
    )


def mls(language: str) -> Built:
    """FLAC for most; the Opus release for Spanish, with a real file of it."""
    if language == "es":
        found = clips("mls", language="es")
        ending, folder = "opus", "mls_spanish_opus"
    else:
        found = english(3) if language == "en" else clips("common_voice", 3, language)
        ending, folder = "flac", f"mls_{WORDS[language]}"
    built, lines, spans, rows = Built(), [], [], []
    for number, clip in enumerate(found):
        key = clip.id if ending == "opus" else f"{100 + number}_{sum(map(ord, language))}_{number:06d}"
        speaker, book, _ = key.split("_")
        data = clip.path.read_bytes() if ending == "opus" else encode(*clip.samples(), "FLAC", "PCM_16")
        built.files[f"{folder}/test/audio/{speaker}/{book}/{key}.{ending}"] = data
        lines.append(f"{key}\t{clip.text.lower()}\n")
        seconds = soundfile.info(io.BytesIO(data)).duration
        spans.append(f"{key}\thttps://example.org/book.mp3\t10.0\t{10 + seconds:.2f}\n")
        built.expected[key] = clip.text.lower()
        rows.append(
            {
                "audio": audio_struct(data, f"{key}.{ending}"),
                "original_path": "https://example.org/book.mp3",
                "begin_time": 10.0,
                "end_time": 10.0 + seconds,
                "transcript": clip.text.lower(),
                "audio_duration": round(seconds, 2),
                "speaker_id": speaker,
                "chapter_id": book,
                "file": f"{key}.{ending}",
                "id": key,
            }
        )
    built.files[f"{folder}/test/transcripts.txt"] = "".join(lines).encode()
    built.files[f"{folder}/test/segments.txt"] = "".join(spans).encode()
    built.files[f"{folder}/train/transcripts.txt"] = b"1_2_000003\tnot of the test set\n"
    built.files[f"{folder}/metainfo.txt"] = (
        b" SPEAKER   |   GENDER   | PARTITION  \n 100       |   M        | test       \n"
    )
    built.parquet[f"multilingual_librispeech/{WORDS[language]}/test-00000-of-00001.parquet"] = rows
    return built


CV_COLUMNS = [
    "client_id",
    "path",
    "sentence",
    "up_votes",
    "down_votes",
    "age",
    "gender",
    "accents",
    "variant",
    "locale",
    "segment",
]


def common_voice(language: str, release: str = "15") -> Built:
    """Real MP3 clips; the first sentence gets the unbalanced quote that is everywhere in the corpus."""
    top = f"cv-corpus-{release}.0-2023-09-08/{language}"
    built, table, rows = Built(), ["\t".join(CV_COLUMNS)], []
    for number, clip in enumerate(clips("common_voice", 3, language)):
        sentence = f'"{clip.text}' if number == 0 else clip.text
        values = [clip.speaker, clip.path.name, sentence, "2", "0", "twenties", "male", "", "", language, ""]
        row = dict(zip(CV_COLUMNS, values, strict=True))
        table.append("\t".join(values))
        built.files[f"{top}/clips/{clip.path.name}"] = clip.path.read_bytes()
        built.expected[clip.path.stem] = sentence
        rows.append({**row, "audio": audio_struct(clip.path.read_bytes(), clip.path.name)})
    built.files[f"{top}/clips/common_voice_{language}_1.mp3"] = b"a clip of the train set"
    built.files[f"{top}/test.tsv"] = ("\n".join(table) + "\n").encode()
    built.files[f"{top}/validated.tsv"] = built.files[f"{top}/test.tsv"]
    built.parquet[f"common_voice_{release}_0/{language}/test-00000-of-00001.parquet"] = rows
    return built


def ami(config: str) -> Built:
    """Two people in EN2002a at the second and the fifth headset; stand-off words with punctuation and laughter."""
    built, rows = Built(), []
    distant, _ = recording(english(4))
    speakers = ""
    for place, (agent, channel, name) in enumerate((("A", 1, "FEE083"), ("E", 4, "MEE068"))):
        found = [replace(clip, text=f"{clip.text} CAFÉ") for clip in english(2, first=2 * place)]
        samples, spans = recording(found)
        microphone = f"Headset-{channel}" if config == "ihm" else "Array1-01"
        file = f"wav_db/EN2002a/audio/EN2002a.{microphone}.wav"
        data = encode(samples if config == "ihm" else distant, RATE, "WAV", "PCM_16")
        built.files[file] = data
        words, parts = nite_words("EN2002a", agent, found, spans)
        built.files[f"ami_public_manual_1.6.2/words/EN2002a.{agent}.words.xml"] = words
        built.files[f"ami_public_manual_1.6.2/segments/EN2002a.{agent}.segments.xml"] = parts
        speakers += f'<speaker nite:id="s{agent}" channel="{channel}" nxt_agent="{agent}" global_name="{name}"/>'
        for clip, span in zip(found, spans, strict=True):
            times = "_".join(f"{round(value * 100):07d}" for value in span)
            key = f"AMI_EN2002a_{f'H{channel:02d}' if config == 'ihm' else 'SDM'}_{name}_{times}"
            built.expected[key] = clip.text
            rows.append(
                {
                    "meeting_id": "EN2002a",
                    "audio_id": key,
                    "text": clip.text,
                    "audio": audio_struct(segment(data, span), f"{key}.wav"),
                    "begin_time": span[0],
                    "end_time": span[1],
                    "microphone_id": microphone,
                    "speaker_id": name,
                }
            )
    built.files["ami_public_manual_1.6.2/corpusResources/meetings.xml"] = (
        f'<nite:root xmlns:nite="http://nite.sourceforge.net/"><meeting nite:id="m1" observation="EN2002a">{speakers}'
        "</meeting></nite:root>"
    ).encode()
    built.files["ami_public_manual_1.6.2/words/ES2002a.A.words.xml"] = b"not XML, but of a training meeting"
    built.parquet[f"ami/{config}/test-00000-of-00001.parquet"] = rows
    return built


def nite_words(
    meeting: str, agent: str, found: Sequence[Clip], spans: Sequence[tuple[float, float]]
) -> tuple[bytes, bytes]:
    """AMI's words and segments of one person: each word an element, commas too, and a laugh between the segments."""
    head = '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n<nite:root xmlns:nite="http://nite.sourceforge.net/">'
    words, parts, number = "", "", 0
    for clip, (begin, end) in zip(found, spans, strict=True):
        first = number
        for word in clip.text.capitalize().split():
            words += f'<w nite:id="{meeting}.{agent}.words{number}" starttime="{begin}" endtime="{end}">{word}</w>'
            words += f'<w nite:id="{meeting}.{agent}.words{number + 1}" punc="true">,</w>'
            number += 2
        href = (
            f"{meeting}.{agent}.words.xml#id({meeting}.{agent}.words{first})..id({meeting}.{agent}.words{number - 1})"
        )
        parts += f'<segment nite:id="{meeting}.{agent}.s{first}" transcriber_start="{begin}" transcriber_end="{end}">'
        parts += f'<nite:child href="{href}"/></segment>'
        words += f'<vocalsound nite:id="{meeting}.{agent}.words{number}" type="laugh"/>'
        laugh = f"{meeting}.{agent}.words.xml#id({meeting}.{agent}.words{number})"
        parts += f'<segment nite:id="{meeting}.{agent}.l{first}" transcriber_start="{end}" transcriber_end="{end}">'
        parts += f'<nite:child href="{laugh}"/></segment>'
        number += 1
    return f"{head}{words}</nite:root>".encode("latin-1"), f"{head}{parts}</nite:root>".encode("latin-1")


def leaderboard(config: str, ids: Callable[[int, Clip], str] = lambda _, clip: clip.id) -> Built:
    """A set of which only the leaderboard's copy is read."""
    found = english(3)
    rows = leaderboard_rows(found, config)
    keys = {clip.id: ids(number, clip) for number, clip in enumerate(found)}
    for row in rows:
        row["id"] = keys[row["id"]]
    path = f"open-asr-leaderboard/{config}/test-00000-of-00001.parquet"
    return Built({}, {path: rows}, {row["id"].removesuffix(".wav"): row["text"] for row in rows})


def multilingual(language: str) -> Built:
    """The leaderboard's Common Voice in a language: ids are file names."""
    found = clips("common_voice", 3, language)
    rows = [
        {
            "audio": audio_struct(clip.path.read_bytes(), clip.path.name),
            "dataset": f"mcv_{language}",
            "text": clip.text,
            "file_name": clip.path.name,
            "audio_length_s": soundfile.info(clip.path).duration,
        }
        for clip in found
    ]
    path = f"open-asr-leaderboard-multilingual-datasets/mcv_{language}/test-00000-of-00001.parquet"
    return Built({}, {path: rows}, {clip.path.stem: clip.text for clip in found})


def earnings22() -> Built:
    return leaderboard("earnings22", lambda number, _: f"earnings22/test/{4432298 + number}/281.wav")


def earnings_long(config: str) -> Built:
    """Two whole calls as MP3, with .nlp tokens; the hub's copy has the same text."""
    built, rows = Built(), []
    for call in ("4320211", "4341191"):
        found = english(2, first=int(call) % 3)
        data = encode(recording(found)[0], RATE, "MP3")
        lines = ["token|speaker|ts|endTs|punctuation|prepunctuation|case|tags|wer_tags", "<laugh>|0||||||[]|[]"]
        for clip in found:
            *tokens, last = clip.text.capitalize().split()
            lines += [f"{token}|1||||||[]|[]" for token in tokens] + [f"{last}|1|||.||LC|[]|[]"]
        built.files[f"{config}/media/{call}.mp3"] = data
        built.files[f"{config}/transcripts/nlp_references/{call}.nlp"] = "\n".join(lines).encode()
        built.expected[call] = " ".join(["<laugh>", *(f"{clip.text.capitalize()}." for clip in found)])
        rows.append({"audio": audio_struct(data, f"{call}.mp3"), "audio_length": 1.0, "text": built.expected[call]})
        rows[-1]["audio_length"] = soundfile.info(io.BytesIO(data)).duration
    built.files[f"{config}/metadata.csv"] = b"File ID,Ticker\n"
    built.parquet[f"asr-leaderboard-longform/{config}/test-00000-of-00001.parquet"] = rows
    return built


def gigaspeech() -> Built:
    """One Opus recording with two test segments, garbage, and a training segment."""
    found = english(2)
    samples, spans = recording(found)
    data = encode(samples, RATE, "OGG", "OPUS")
    path, aid = "audio/podcast/P0000/POD0000000001.opus", "POD0000000001"
    built, parts, rows = Built(), [], []
    texts = [
        f"{found[0].text} <COMMA> YES <PERIOD>",
        f"{found[1].text} <QUESTIONMARK>",
        "<MUSIC>",
        "OF THE TRAINING SET",
    ]
    for number, text in enumerate(texts):
        begin, end = spans[number % 2]
        sid = f"{aid}_S{number:07d}"
        subset = "{XL}" if number == 3 else "{TEST}"
        parts.append(
            {"sid": sid, "speaker": "N/A", "begin_time": begin, "end_time": end, "text_tn": text, "subsets": [subset]}
        )
        if number == 3:
            continue
        rows.append(
            {
                "segment_id": sid,
                "speaker": "N/A",
                "text": text,
                "audio": audio_struct(segment(data, (begin, end)), f"{sid}.wav"),
                "begin_time": begin,
                "end_time": end,
                "audio_id": aid,
                "title": "",
                "url": "",
                "source": 0,
                "category": 0,
                "original_full_path": path,
            }
        )
        if number < 2:
            built.expected[sid] = text
    train = {"path": "audio/gone.opus", "aid": "AUD0000000009", "segments": [{**parts[3], "sid": "x"}]}
    corpus = {
        "dataset": "GigaSpeech",
        "language": "EN",
        "audios": [train, {"path": path, "aid": aid, "segments": parts}],
    }
    built.files["GigaSpeech/GigaSpeech.json"] = json.dumps(corpus, indent=2).encode()
    built.files[f"GigaSpeech/{path}"] = data
    built.parquet["speechcolab--gigaspeech/test/test-00000-of-00001.parquet"] = rows
    return built


def spgispeech() -> Built:
    built, table, rows = Built(), ["wav_filename|wav_filesize|transcript"], []
    for number, clip in enumerate(english(3)):
        name = f"{number % 2:032x}/{number + 1}.wav"
        text = f'{clip.text.capitalize()}, she "said.'
        data = encode(*clip.samples(), "WAV", "PCM_16")
        table.append(f"{name}|{len(data)}|{text}")
        built.files[f"spgispeech/val/{name}"] = data
        built.expected[name.removesuffix(".wav")] = text
        rows.append({"wav_filename": name, "audio": audio_struct(data, name), "transcript": text})
    built.files["spgispeech/val.csv"] = ("\n".join(table) + "\n").encode()
    built.files["spgispeech/train.csv"] = b"wav_filename|wav_filesize|transcript\n"
    built.parquet["kensho--spgispeech/test/test-00000-of-00001.parquet"] = rows
    return built


def tedlium() -> Built:
    """A talk as NIST SPHERE with an STM: split contractions, an unscored segment, a talk of the training set."""
    found = english(2)
    samples, spans = recording(found)
    data = encode(samples, RATE, "NIST", "PCM_16")
    talk, label = "AimeeMullins_2009P", "<o,f0,female>"
    texts = [f"there 's <unk> {clip.text.lower()} {{NOISE}}" for clip in found] + ["ignore_time_segment_in_scoring"]
    times = [(f"{begin:g}", f"{end:g}") for begin, end in (*spans, (0.0, 0.5))]
    stm = "".join(f"{talk} 1 {talk} {b} {e} {label} {text}\n" for (b, e), text in zip(times, texts, strict=True))
    built, rows = Built(), []
    for (begin, end), text in zip(times, texts, strict=True):
        key = f"{talk}-{begin}-{end}-{label}"
        cut = segment(data, (float(begin), float(end)))
        row = {"audio": audio_struct(cut, f"{talk}.sph"), "text": text, "speaker_id": talk, "gender": 1}
        rows.append({**row, "file": f"{talk}.sph", "id": key})
        if text != texts[2]:
            built.expected[key] = text
    top = "TEDLIUM_release-3/legacy"
    built.files = {
        f"{top}/test/stm/{talk}.stm": stm.encode(),
        f"{top}/test/sph/{talk}.sph": data,
        f"{top}/train/stm/Other.stm": b"Other 1 Other 0 1 <o,f0,male> words\n",
        f"{top}/train/sph/Other.sph": data,
    }
    built.parquet["tedlium/release3/test-00000-of-00001.parquet"] = rows
    return built


def tedlium_long() -> Built:
    built = tedlium()
    talk = "AimeeMullins_2009P"
    text = " ".join(built.expected.values())
    data = built.files[f"TEDLIUM_release-3/legacy/test/sph/{talk}.sph"]
    rows = [{"audio": audio_struct(data, f"{talk}.sph"), "text": text, "speaker_id": talk}]
    return Built(built.files, {"tedlium-long-form/data/test-00000-of-00001.parquet": rows}, {talk: text})


def voxpopuli() -> Built:
    """OGG clips; one has no raw text."""
    header = ["id", "raw_text", "normalized_text", "speaker_id", "split", "gender", "is_gold_transcript", "accent"]
    built, table, rows = Built(), ["\t".join(header)], []
    for number, clip in enumerate(english(3)):
        key = f"20170703-0900-PLENARY-{number}-en_20170703-22_30_55_{number}"
        raw = "" if number == 1 else f"{clip.text.capitalize()}."
        values = [key, raw, clip.text.lower(), "96779", "test", "female", "True", "None"]
        data = encode(*clip.samples(), "OGG", "VORBIS")
        table.append("\t".join(values))
        built.files[f"transcribed_data/en/2017/{key}.ogg"] = data
        built.expected[key] = raw or clip.text.lower()
        row = dict(zip(header, values, strict=True))
        rows.append({"audio_id": key, "language": 0, "audio": audio_struct(data, f"{key}.ogg"), **row})
        del rows[-1]["id"]
    built.files["transcribed_data/en/asr_test.tsv"] = "\n".join(table).encode()
    built.files["transcribed_data/en/2017/20170101-0900-PLENARY-1-en_x.ogg"] = b"of the training set"
    built.parquet["voxpopuli/en/test-00000-of-00001.parquet"] = rows
    return built


FLEURS_CODES = {
    "de": "de_de",
    "es": "es_419",
    "fr": "fr_fr",
    "hy": "hy_am",
    "it": "it_it",
    "nl": "nl_nl",
    "pt": "pt_br",
    "zh": "cmn_hans_cn",
}
FLEURS_VOICES = {"hy": "nl", "zh": "zh-CN"}
"""Whose clips stand for a language that there are none of under its name."""


def fleurs(language: str) -> Built:
    """Two people read one sentence: its id repeats. WAV with floats, in a tar.gz inside the tree."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from tests.benchmarks.layouts import write_tar

    code = FLEURS_CODES[language]
    built, lines, rows, audio = Built(), [], [], {}
    found = clips("common_voice", 3, FLEURS_VOICES.get(language, language))
    for number, clip in enumerate(found):
        samples = clip.samples()[0][: 2 * RATE]
        data = encode(samples.astype(np.float32) / 32768, RATE, "WAV", "FLOAT")
        name = f"{1234567890 + number}.wav"
        sentence = "1675" if number < 2 else "1700"
        values = [sentence, name, clip.text, clip.text.lower(), "|".join(clip.text.lower()), str(len(samples)), "MALE"]
        lines.append("\t".join(values))
        audio[f"test/{name}"] = data
        built.expected[name.removesuffix(".wav")] = clip.text
        rows.append(
            {
                "id": int(sentence),
                "num_samples": len(samples),
                "path": f"/root/.cache/test/{name}",
                "audio": audio_struct(data, f"test/{name}"),
                "transcription": clip.text.lower(),
                "raw_transcription": clip.text,
                "gender": 0,
                "lang_id": 20,
                "language": language,
                "lang_group_id": 3,
            }
        )
    built.files[f"data/{code}/test.tsv"] = "\n".join(lines).encode()
    built.files[f"data/{code}/dev.tsv"] = b"of no interest\n"
    with TemporaryDirectory() as folder:
        built.files[f"data/{code}/audio/test.tar.gz"] = write_tar(Path(folder) / "t.tar.gz", audio).read_bytes()
    built.parquet[f"google--fleurs/{code}/test-00000-of-00001.parquet"] = rows
    return built


CV_17 = ("en", "de", "es", "fr", "it", "ja", "pt", "ru")
BUILDERS: dict[str, Callable[[], Built]] = {
    "librispeech_test_clean": lambda: librispeech("clean"),
    "librispeech_test_other": lambda: librispeech("other"),
    **{f"common_voice_15_{code}": lambda code=code: common_voice(code) for code in ("en", "de", "es", "fr", "pt")},  # type: ignore[misc]
    **{f"mls_{code}": lambda code=code: mls(code) for code in ("en", "de", "es", "fr", "pt")},  # type: ignore[misc]
    "ami_ihm": lambda: ami("ihm"),
    "ami_sdm": lambda: ami("sdm"),
    "earnings22": earnings22,
    "gigaspeech": gigaspeech,
    "spgispeech": spgispeech,
    "tedlium": tedlium,
    "voxpopuli_en": voxpopuli,
}
"""The 19 rows of the model card, in its suite's order."""

MORE: dict[str, Callable[[], Built]] = {
    "earnings21_long": lambda: earnings_long("earnings21"),
    "earnings22_long": lambda: earnings_long("earnings22"),
    "tedlium_long": tedlium_long,
    "mls_it": lambda: mls("it"),
    "mls_nl": lambda: mls("nl"),
    **{f"common_voice_17_{code}": lambda code=code: common_voice(code, "17") for code in CV_17},  # type: ignore[misc]
    **{f"mcv_{code}": lambda code=code: multilingual(code) for code in ("de", "es", "fr", "it", "nl")},  # type: ignore[misc]
    "ami_cleaned": lambda: leaderboard("ami_cleaned"),
    "gigaspeech_cleaned": lambda: leaderboard("gigaspeech_cleaned"),
    "voxpopuli_cleaned_aa": lambda: leaderboard("voxpopuli_cleaned_aa"),
    **{f"fleurs_{code}": lambda code=code: fleurs(code) for code in FLEURS_CODES if code != "hy"},  # type: ignore[misc]
}
