"""Damages real recordings in known ways, and counts what `data check` finds: `python -m tools.plant_damage CORPORA`.

CORPORA is a folder of corpora, each with a manifest.jsonl. Clean clips are drawn from all of them, and others are
damaged, `--each` in every way of `DAMAGES`; a way has variants, which take turns. What is printed: of each way how many
were found as what they are, and of the clean clips how many were flagged, by kind. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.health import Health

    Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One row of the set that is made."""

    id: str
    reference: str
    language: str
    session: str | None
    source: Path
    """The recording that it was made of."""
    samples: Samples | None = None
    """Shape ``[samples, channels]``; None is the recording as it is."""
    rate: int = 0
    kind: str | None = None
    """What is wrong with it; None where nothing is."""
    also: tuple[str, ...] = ()
    """Kinds that it may be found as, too."""
    partner: str | None = None
    """The other row that its damage involves, on which a finding is right, too."""
    content: bytes | None = None
    """The file's bytes, where they are no audio."""
    ending: str = "wav"
    subtype: str | None = None


@dataclass
class Kit:
    """What damages draw from."""

    rng: random.Random
    spare: list[Row]
    """Recordings that are not used otherwise."""
    clean: list[Row]
    made: list[Row] = field(default_factory=list)

    def draw(self, least: float = 1.2, letters: int = 8, languages: Sequence[str] = ()) -> Row:
        """A recording of at least so many seconds and letters, decoded."""
        for at, row in enumerate(self.spare):
            if languages and row.language not in languages:
                continue
            if sum(map(str.isalpha, row.reference)) < letters:
                continue
            samples, rate = soundfile.read(row.source, dtype="float32", always_2d=True)
            if len(samples) >= least * rate:
                del self.spare[at]
                return replace(row, samples=samples[:, :1], rate=rate)
        raise SystemExit(f"no recording of {least} s and {letters} letters is left")

    def noise(self, count: int, color: float) -> Samples:
        """Noise whose power falls with frequency to the power of `color`, of power 1."""
        spectrum = np.fft.rfft(np.random.default_rng(self.rng.randrange(1 << 30)).normal(size=count))
        spectrum /= np.maximum(np.arange(len(spectrum)), 20) ** (color / 2)
        found = np.fft.irfft(spectrum, count)
        return np.asarray((found / found.std())[:, None], np.float32)


Damage = Callable[[Kit, int], list[Row]]
"""Makes the rows of one damage, its variant counted from 0."""


def _power(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)) + 1e-9)


def _one_channel(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    noise = (
        kit.noise(len(row.samples), (0.0, 1.0, 2.0)[variant % 3]) * _power(row.samples) * (0.3, 0.1, 1.0)[variant % 3]
    )
    sides = [row.samples, noise] if variant % 2 else [noise, row.samples]
    return [replace(row, samples=np.hstack(sides), kind="one_channel")]


def _dead_channel(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    other = kit.noise(len(row.samples), 0.0) * np.float32((0.0, 1e-4, 3e-5)[variant % 3])
    sides = [row.samples, other] if variant % 2 else [other, row.samples]
    return [replace(row, samples=np.hstack(sides), kind="dead_channel", also=("one_channel",))]


def _opposite(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    other = -row.samples * np.float32((1.0, 0.8, 1.0)[variant % 3])
    other = other + kit.noise(len(other), 1.0) * _power(other) * np.float32((0.0, 0.0, 0.1)[variant % 3])
    return [replace(row, samples=np.hstack([row.samples, other]), kind="opposite_phase")]


def _clipped(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    peak = np.abs(row.samples).max()
    loud = np.clip(row.samples / peak * (4.0, 8.0, 3.0)[variant % 3], -1, 1) * np.float32((1.0, 1.0, 0.5)[variant % 3])
    return [replace(row, samples=loud, kind="clipping")]


def _silence(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    level = (0.0, 2e-4, 0.0)[variant % 3]
    return [
        replace(row, samples=kit.noise(len(row.samples), 0.0) * np.float32(level), kind="silence", also=("no_speech",))
    ]


def _no_speech(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    noise = kit.noise(len(row.samples), (0.0, 1.0, 2.0)[variant % 3]) * np.float32((0.05, 0.02, 0.1)[variant % 3])
    fade = np.linspace(1.0, (1.0, 0.2, 1.0)[variant % 3], len(noise), dtype=np.float32)[:, None]
    return [replace(row, samples=noise * fade, kind="no_speech")]


def _long_silence(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    silence = np.zeros((int(len(row.samples) * 2.5) + 3 * row.rate, 1), np.float32)
    silence += kit.noise(len(silence), 0.0) * np.float32((0.0, 1e-4, 0.0)[variant % 3])
    parts = ([row.samples, silence], [silence, row.samples], [silence[::2], row.samples, silence[::2]])[variant % 3]
    return [replace(row, samples=np.vstack(parts), kind="long_silence")]


def _speed(factor: float) -> Damage:
    def damage(kit: Kit, _variant: int) -> list[Row]:
        row = kit.draw(least=2.0, letters=20)
        return [replace(row, rate=round(row.rate * factor), kind="wrong_rate")]

    return damage


def _offset(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    return [
        replace(row, samples=np.clip(row.samples + np.float32((0.05, -0.1, 0.2)[variant % 3]), -1, 1), kind="offset")
    ]


def _tone(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    hertz, level = ((50, 0.3), (1000, 0.2), (440, 0.5))[variant % 3]
    wave = np.sin(2 * np.pi * hertz * np.arange(len(row.samples)) / row.rate)[:, None] * 1.41 * level
    return [replace(row, samples=(row.samples + wave * _power(row.samples)).astype(np.float32), kind="tone")]


def _cut(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(least=3.0, letters=25)
    assert row.samples is not None
    kept = int(len(row.samples) * (0.5, 0.4, 0.55)[variant % 3])
    return [replace(row, samples=row.samples[:kept], kind="cut_off", also=("reference_long",))]


def _gap(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(least=2.0)
    assert row.samples is not None
    samples = row.samples.copy()
    loud = np.convolve(np.abs(samples[:, 0]), np.ones(row.rate // 5), "same")
    place = int(loud[: -row.rate // 2].argmax()) if len(samples) > row.rate else 0
    samples[place : place + int(row.rate * (0.2, 0.1, 0.4)[variant % 3])] = 0
    return [replace(row, samples=samples, kind="gap")]


def _narrow(kit: Kit, _variant: int) -> list[Row]:
    row = next(found for _ in range(999) if (found := kit.draw()).rate >= 16_000)
    samples = soxr.resample(soxr.resample(row.samples, row.rate, 8_000), 8_000, 16_000)
    return [replace(row, samples=samples, rate=16_000, kind="narrow_band")]


def _unreadable(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    content = (b"<!DOCTYPE html><html><body>404</body></html>", b"", b"RIFF\x00\x00\x00\x00WAVEjunk" * 9)[variant % 3]
    return [replace(row, content=content, kind="unreadable")]


def _twice(kit: Kit, _variant: int) -> list[Row]:
    row = kit.draw()
    return [row, replace(row, id=f"{row.id}-again", kind="duplicate_audio", partner=row.id)]


def _alike(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    assert row.samples is not None
    cut = row.samples[row.rate // 20 :]
    other = (
        replace(row, samples=row.samples * np.float32(0.3), ending="mp3" if variant % 6 == 3 else "wav"),
        replace(row, samples=cut, ending="ogg" if row.rate in {8000, 16000, 24000, 48000} else "wav"),
        replace(row, samples=soxr.resample(row.samples, row.rate, 8000), rate=8000),
    )[variant % 3]
    return [row, replace(other, id=f"{row.id}-copy", kind="duplicate_audio", partner=row.id)]


def _contradiction(kit: Kit, _variant: int) -> list[Row]:
    row, other = kit.draw(), kit.draw()
    while other.reference == row.reference:
        other = kit.draw()
    return [row, replace(row, id=f"{row.id}-other", reference=other.reference, kind="contradiction", partner=row.id)]


def _long(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(letters=15)
    text = " ".join([row.reference, *(kit.draw(letters=20).reference for _ in range(2 + variant % 2))])
    while sum(map(str.isalpha, text)) < 3.5 * sum(map(str.isalpha, row.reference)):
        text += " " + kit.draw(letters=15).reference
    return [replace(row, reference=text, kind="reference_long")]


def _short(kit: Kit, _variant: int) -> list[Row]:
    row = kit.draw(least=5.0, letters=40)
    return [replace(row, reference=row.reference.split()[0], kind="reference_short")]


def _empty(kit: Kit, variant: int) -> list[Row]:
    return [replace(kit.draw(), reference=("", "  ", "\u3000")[variant % 3], kind="empty_reference")]


def _markup(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw()
    text = row.reference
    shapes = (
        f"<p>{text}</p>",
        f"{text} [laughter]",
        f'{{"text": "{text}"}}',
        f"{text} https://a.example/x",
        f"{text}&nbsp;",
        f"<|en|>{text}",
    )
    return [replace(row, reference=shapes[variant % 6], kind="markup")]


def _encoding(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(languages=("de", "fr", "es", "pt", "sv", "tr", "pl", "ca", "ru", "it", "lv", "sl"))
    text = row.reference if not row.reference.isascii() else f"{row.reference} där"
    shapes = (
        text.encode("utf-8").decode("latin-1"),
        text.encode("ascii", "replace").decode().replace("?", "\ufffd"),
        text.encode("utf-8").decode("cp1252", "ignore") if "ä" in text else text.encode("utf-8").decode("latin-1"),
    )
    return [replace(row, reference=shapes[variant % 3], kind="encoding")]


def _script(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(languages=(("en",), ("de", "fr", "es"), ("ru",))[variant % 3])
    text = ("Это предложение написано по-русски.", "Η γλώσσα αυτή είναι ελληνική.", "This is written in English.")
    return [replace(row, reference=text[variant % 3], kind="script")]


def _language(kit: Kit, variant: int) -> list[Row]:
    row = kit.draw(least=2.5, languages=("en",))
    text = (
        "ich habe das nicht gesehen und wir sind auch nicht da",
        "je ne sais pas ce que vous avez dans la maison",
        "no sé si los niños están en la casa pero creo que es así",
    )
    return [replace(row, reference=text[variant % 3], kind="other_language")]


def _placeholder(kit: Kit, variant: int) -> list[Row]:
    return [
        replace(kit.draw(), reference=("TBD", "N/A", "TODO", "<unk>", "null", "...")[variant % 6], kind="placeholder")
    ]


def _near(kit: Kit, variant: int) -> list[Row]:
    row, other = kit.draw(letters=35), kit.draw(letters=20)
    at = next(at for at, letter in enumerate(row.reference) if at > 12 and letter.isalpha())
    changed = row.reference[:at] + ("", "x", "qu")[variant % 3] + row.reference[at + 1 :]
    return [
        row,
        replace(other, reference=changed, kind="near_duplicate_reference", partner=row.id, language=row.language),
    ]


def _mixed(kit: Kit, _variant: int) -> list[Row]:
    row = kit.draw(languages=("en",))
    while not re.search("[a-z][aoecp]", row.reference, re.IGNORECASE):
        row = kit.draw(languages=("en",))
    text = row.reference
    place = next(at for at, letter in enumerate(text) if letter.lower() in "aoecp" and text[at - 1 : at].isalpha())
    letter = {"a": "а", "o": "о", "e": "е", "c": "с", "p": "р"}[text[place].lower()]
    letter = letter.upper() if text[place].isupper() else letter
    return [replace(row, reference=text[:place] + letter + text[place + 1 :], kind="mixed_scripts")]


DAMAGES: dict[str, Damage] = {
    "speech on one channel": _one_channel,
    "a dead channel": _dead_channel,
    "opposite phase": _opposite,
    "clipping": _clipped,
    "silence": _silence,
    "noise alone": _no_speech,
    "long silence": _long_silence,
    "half the speed": _speed(0.5),
    "twice the speed": _speed(2.0),
    "DC offset": _offset,
    "hum or tone": _tone,
    "cut off": _cut,
    "hole": _gap,
    "narrow band": _narrow,
    "no audio file": _unreadable,
    "exact duplicate": _twice,
    "near-duplicate": _alike,
    "same audio, two references": _contradiction,
    "reference too long": _long,
    "reference too short": _short,
    "empty reference": _empty,
    "markup": _markup,
    "wrong encoding": _encoding,
    "wrong script": _script,
    "wrong language": _language,
    "placeholder": _placeholder,
    "nearly the same reference": _near,
    "homoglyph": _mixed,
}
"""What is done to recordings and references."""


def read_rows(corpora: Path) -> list[Row]:
    """The rows of every corpus in a folder."""
    rows = []
    for manifest in sorted(corpora.glob("*/manifest.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            one: dict[str, Any] = json.loads(line)
            name = f"{manifest.parent.name}-{one['id']}".replace("/", "_")
            session = one.get("speaker") and f"{manifest.parent.name}-{one['speaker']}"
            rows.append(Row(name, one["text"], one["language"].split("-")[0], session, manifest.parent / one["audio"]))
    return rows


def plant(rows: Sequence[Row], *, each: int, clean: int, seed: int) -> list[Row]:
    """Clean rows and damaged ones, mixed."""
    rng = random.Random(seed)
    shuffled = sorted(rows, key=lambda row: row.id)
    rng.shuffle(shuffled)
    kept = shuffled[:clean]
    kit = Kit(rng, [row for row in shuffled[clean:] if row.source.suffix != ".mp3" or row.language != "en"], kept)
    made = [row for damage in DAMAGES.values() for variant in range(each) for row in damage(kit, variant + seed)]
    everything = [*kept, *made]
    rng.shuffle(everything)
    return everything


def write(rows: Sequence[Row], folder: Path) -> Path:
    """The set as a manifest and files; where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, row in enumerate(rows):
        path = row.source
        if row.content is not None:
            path = folder / f"{number}.wav"
            path.write_bytes(row.content)
        elif row.samples is not None:
            path = folder / f"{number}.{row.ending}"
            form = {"ogg": {"format": "OGG", "subtype": "OPUS"}}.get(row.ending, {})
            soundfile.write(path, row.samples, row.rate, **form)
        lines.append(
            {"id": row.id, "audio": str(path), "text": row.reference, "language": row.language, "speaker": row.session}
        )
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return manifest


@dataclass(frozen=True)
class Outcome:
    """What was found of what was planted."""

    planted: Counter[str]
    found: Counter[str]
    missed: list[tuple[str, str, list[str]]]
    """Kind, id, and what was found instead."""
    clean: int
    alarms: Counter[str]
    """Kinds, of clean rows that were flagged; information is no alarm."""
    alarmed: set[str]


def compare(rows: Sequence[Row], health: Health) -> Outcome:
    """Findings against what was planted; a partner of a damaged row may be named in its place."""
    by_id: dict[str, list[str]] = {}
    flagged: dict[str, list[str]] = {}
    for one in health.findings:
        if one.utterance is not None:
            by_id.setdefault(one.utterance, []).append(one.kind)
            if one.severity != "info":
                flagged.setdefault(one.utterance, []).append(one.kind)
    planted, found = Counter[str](), Counter[str]()
    missed = []
    for row in rows:
        if row.kind is None:
            continue
        planted[row.kind] += 1
        seen = [*by_id.get(row.id, []), *(by_id.get(row.partner, []) if row.partner else [])]
        if {row.kind, *row.also} & set(seen):
            found[row.kind] += 1
        else:
            missed.append((row.kind, row.id, seen))
    partners = {row.partner for row in rows}
    clean = [row for row in rows if row.kind is None and row.id not in partners]
    alarmed = {row.id for row in clean if row.id in flagged}
    alarms = Counter(kind for row in clean for kind in set(flagged.get(row.id, [])))
    return Outcome(planted, found, missed, len(clean), alarms, alarmed)


def check(manifest: Path) -> Health:
    """What `data check` finds."""
    from benchmarks.dataset import Request, open_dataset
    from harness.health.examine import check_set, put_together, read_set
    from harness.request import what_to_run

    _, (dataset,) = what_to_run(manifest)
    rows = list(read_set(dataset.name, open_dataset(dataset, Request())))
    return put_together(str(manifest), {dataset.name: rows}, check_set(rows), of=None, systems=())


def main(arguments: Sequence[str]) -> int:
    """Plants, checks, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpora", type=Path, help="folder of corpora, each with a manifest.jsonl")
    parser.add_argument("--each", type=int, default=3, help="damaged clips of each way")
    parser.add_argument("--clean", type=int, default=600, help="clips that nothing is done to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the set here, and leave it")
    args = parser.parse_args(arguments)
    with TemporaryDirectory() as temporary:
        rows = plant(read_rows(args.corpora), each=args.each, clean=args.clean, seed=args.seed)
        outcome = compare(rows, check(write(rows, args.keep or Path(temporary))))
    for kind, count in sorted(outcome.planted.items()):
        print(f"{kind:26} {outcome.found[kind]:3} of {count:3} found")
    for kind, name, seen in outcome.missed:
        print(f"missed: {kind} of {name}, found {', '.join(seen) or 'nothing'}")
    for kind, count in outcome.alarms.most_common():
        print(f"false alarm: {kind:26} {count:3} of {outcome.clean} clean clips ({100 * count / outcome.clean:.2f} %)")
    summary = {
        "ways": len(DAMAGES),
        "planted": sum(outcome.planted.values()),
        "found": sum(outcome.found.values()),
        "clean": outcome.clean,
        "alarms": len(outcome.alarmed),
    }
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
