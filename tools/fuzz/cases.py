# ruff: noqa: E501 - a table is read better in long lines
"""Case number N of a seed: a verb, the files that it is given, and what was done to one of them. Always the same one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tools.fuzz import mutate

SEEDS = Path(__file__).resolve().parents[2] / "tests" / "data" / "fuzz" / "seeds"
SPARSE_FLAGS = (
    ["--language", "{odd}"], ["--profile", "{odd}"], ["--profile", "mine.toml"], ["--profile", "verbatim"], ["--json"],
    ["--profile", "unicode@2026-11"], ["--profile", "leaderboard@2026-08"], ["--profile", "card@2026-04"], ["--format", "csv"],
    ["--language", "de"], ["--language", "zh"], ["--language", "ja"], ["--language", "hi"], ["--keywords", "keywords.txt"],
)  # fmt: skip
"""Flags of what scores, of which a case has none or a few."""


@dataclass(frozen=True)
class Case:
    """One call of the program, in a folder of its own."""

    number: int
    verb: str
    words: list[str]
    stdin: bytes = b""


@dataclass(frozen=True)
class Kind:
    """One way to call a verb."""

    weight: int
    words: str
    files: tuple[str, ...]
    """Seeds that it is given, as ``seed`` or ``seed:name``; the first ones are those that are changed."""
    changed: int = 1
    """How many of them may be changed."""
    flags: tuple[list[str], ...] = ()


_MORE = (["--details"], ["--details"], ["--metric", "{metric}"], ["--suite", "mine_suite.toml"])
_FILES = ("--per-utterance", "u.jsonl"), ("--per-utterance", "u.csv"), ("--alignments", "a.txt"), ("--check", "jiwer")
_SCORE: tuple[list[str], ...] = (*SPARSE_FLAGS, *_MORE, *map(list, _FILES))
_BESIDE = ("profile.toml:mine.toml", "suite.toml:mine_suite.toml", "keywords.txt")
_A, _B = "predictions.jsonl:MODEL_a_DATASET_foo.jsonl", "worse.jsonl:MODEL_b_DATASET_foo.jsonl"
_OWN = ("manifest.jsonl", "a.wav", "b.flac", "said.jsonl")
_COLUMNS = ["--audio-column", "{odd}"], ["--text-column", "text"], ["--language", "{odd}"], ["--limit", "2"], ["--json"]
_RUN = ("run:runs/demo/org--model",)
_PLACE = "own/data_m/transcripts:said.jsonl"
KINDS: dict[str, tuple[Kind, ...]] = {
    "score": (
        Kind(12, "score MODEL_a_DATASET_foo.jsonl", (_A, *_BESIDE), 1, _SCORE),
        Kind(3, "score MODEL_a_DATASET_foo.jsonl --profile mine.toml", (_BESIDE[0], _A), 1, _SCORE),
        Kind(3, "score MODEL_a_DATASET_foo.jsonl --keywords keywords.txt --details", (_BESIDE[2], _A, _BESIDE[0]), 1, _SCORE),
        Kind(3, "score MODEL_a_DATASET_foo.jsonl --suite mine_suite.toml", (_BESIDE[1], _A), 1, _SCORE),
        Kind(4, "score table.csv", ("table.csv", *_BESIDE), 1, _SCORE),
        Kind(2, "score table.tsv", ("table.tsv", *_BESIDE), 1, _SCORE),
        Kind(3, "score rows.json", ("rows.json", *_BESIDE), 1, _SCORE),
        Kind(2, "score said.trn --reference said_ref.trn", ("hypothesis.trn:said.trn", "reference.trn:said_ref.trn"), 2, _SCORE),
        Kind(2, "score said.ctm --reference ref.stm", ("hypothesis.ctm:said.ctm", "reference.stm:ref.stm"), 2, _SCORE),
        Kind(2, "score said.txt --reference ref.txt", ("hypothesis.txt:said.txt", "reference.txt:ref.txt"), 2, _SCORE),
        Kind(2, "score said.srt --reference ref.srt", ("subtitles.srt:said.srt", "subtitles.srt:ref.srt"), 2, _SCORE),
        Kind(1, "score said.vtt --reference ref.TextGrid", ("subtitles.vtt:said.vtt", "words.TextGrid:ref.TextGrid"), 2, _SCORE),
        Kind(8, "score runs", _RUN, 1, _SCORE),
        Kind(3, "score saved.zip", ("baseline.zip:saved.zip",), 1, _SCORE),
    ),
    "gate": (
        Kind(8, "gate runs --baseline base", ("run:runs", "run:base"), 2, (["--json"], ["--github"], ["--profile", "{odd}"])),
        Kind(4, "gate runs --baseline saved.zip", ("baseline.zip:saved.zip", "run:runs"), 2, (["--junit", "j.xml"], ["--json"])),
        Kind(4, "gate runs --baseline base --policy p.toml", ("policy.toml:p.toml", "run:runs", "run:base"), 1, (["--json"],)),
        Kind(4, "gate MODEL_b_DATASET_foo.jsonl --baseline MODEL_a_DATASET_foo.jsonl", (_B, _A), 2, (["--markdown", "m.md"],)),
        Kind(1, "gate runs --baseline published", ("run:runs",)),
    ),
    "compare": (
        Kind(8, "compare MODEL_a_DATASET_foo.jsonl MODEL_b_DATASET_foo.jsonl", (_A, _B, *_BESIDE), 2, (*SPARSE_FLAGS, ["--trn", "t"])),
        Kind(2, "compare runs base", ("run:runs", "run:base"), 2, SPARSE_FLAGS),
    ),
    "explain": (Kind(5, "explain MODEL_a_DATASET_foo.jsonl", (_A,), 1, (["--json"], ["--top", "{odd}"], ["--against", "published"])),),
    "fitting": (
        Kind(3, "fitting MODEL_a_DATASET_foo.jsonl --corrected c.jsonl", (_A, "predictions.jsonl:c.jsonl"), 2, (["--json"],)),
    ),
    "normalize": (Kind(5, "normalize --profile {profile}", ("reference.txt:stdin",), 1, (["--language", "{odd}"],)),),
    "baseline": (
        Kind(3, "baseline save runs --dir b", ("run:runs",), 1),
        Kind(2, "baseline list --dir b", ("baseline.zip:b/demo@1/org--model.zip",), 1, (["--json"],)),
    ),
    "report": (
        Kind(1, "report runs --out r", ("run:runs", "a.wav:clips/a.wav"), 1, (["--audio-mb", "{odd}"],)),
        Kind(1, "report MODEL_a_DATASET_foo.jsonl MODEL_b_DATASET_foo.jsonl --out r", (_A, _B), 2),
    ),
    "data": (
        Kind(4, "data describe manifest.jsonl", _OWN, 3, _COLUMNS),
        Kind(3, "data describe table.csv", ("data.csv:table.csv", *_OWN[1:3]), 2, _COLUMNS),
        Kind(2, "data describe set", ("kaldi:set", "a.wav:set/a.wav", "b.flac:set/b.flac"), 2, _COLUMNS),
        Kind(2, "data describe data.parquet", ("data.parquet",), 1, _COLUMNS),
        Kind(2, "data describe shard.tar", ("shard.tar",), 1, _COLUMNS),
        Kind(2, "data check manifest.jsonl --quiet", _OWN, 3, (["--limit", "2"], ["--fail-on", "{odd}"], ["--out", "h"])),
        Kind(2, "data convert manifest.jsonl --to manifest --out o.jsonl", _OWN, 3, (["--copy-audio"], ["--relative"])),
        Kind(1, "data convert table.csv --to parquet --out o.parquet", ("data.csv:table.csv", *_OWN[1:3]), 2),
        Kind(2, "data verify manifest.jsonl", _OWN, 3),
    ),
    "run": (
        Kind(4, "--data manifest.jsonl --model transcripts:said.jsonl --out o --quiet", ("said.jsonl", *_OWN[:3]), 4),
        Kind(3, "--data m.jsonl --model transcripts:said.jsonl --out own --quiet", (f"own/data_m.jsonl:{_PLACE}/data_m.jsonl", f"own/run.json:{_PLACE}/run.json", "manifest.jsonl:m.jsonl", *_OWN[1:]), 2),
        Kind(1, "--suite mine_suite.toml --model transcripts:said.jsonl --out o --quiet", ("suite.toml:mine_suite.toml", _OWN[3])),
    ),
    "list": (Kind(1, "list {what}", ("suite.toml:mine_suite.toml",)),),
}  # fmt: skip
"""Every verb but those that need a server (`load`), a model (`check-model`) or look at the machine (`doctor`)."""

METRICS = ("cer", "ser", "wil", "mer", "draft_wer", "keyword_recall", "\ud800", "nothing")
WHATS = ("suites", "benchmarks", "models", "profiles", "\x1b[2J", "", mutate.LONG)
PROFILES = ("leaderboard@2026-08", "unicode@2026-11", "card@2026-04", "verbatim")


def make(number: int, seed: int, folder: Path) -> Case:
    """Writes the files of a case, and says how the program is called in their folder.

    Args:
        number: of the case.
        seed: of the whole.
        folder: empty.
    """
    random = Random(f"{seed}:{number}")
    every = [(verb, kind) for verb, kinds in KINDS.items() for kind in kinds]
    verb, kind = random.choices(every, [kind.weight for _, kind in every])[0]
    written = [_copied(each, folder) for each in kind.files]
    words = kind.words.split()
    for flag in random.sample(kind.flags, min(len(kind.flags), random.choice((0, 0, 1, 2)))):
        words += flag
    words = [_filled(word, random) for word in words]
    target = random.choice(written[: kind.changed])
    _change(random.choice(target), random)
    if random.random() < 0.08:
        _change_words(words, random)
    stdin = folder / "stdin"
    data = stdin.read_bytes() if stdin.is_file() and not stdin.is_symlink() and stdin.stat().st_size < 1 << 20 else b""
    return Case(number, verb, words, data)


def _copied(named: str, folder: Path) -> list[Path]:
    """The files of one seed, under the name that the case has for it."""
    seed, _, name = named.partition(":")
    source, target = SEEDS / seed, folder / (name or seed)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copyfile(source, target)
        return [target]
    shutil.copytree(source, target, dirs_exist_ok=True)
    return sorted(path for path in target.rglob("*") if path.is_file())


def _change(path: Path, random: Random) -> None:
    if not path.is_file():
        return
    ways: tuple[Callable[[Path, Random], None], ...] = (_content, mutate.file)
    random.choices(ways, (12, 1))[0](path, random)


def _content(path: Path, random: Random) -> None:
    path.write_bytes(mutate.content(path.read_bytes(), random))


def _filled(word: str, random: Random) -> str:
    """A word of a command line with an odd value in its place."""
    choices = {"{metric}": METRICS, "{what}": WHATS, "{profile}": PROFILES}
    if word in choices:
        return random.choice(choices[word])
    return _odd(random) if word == "{odd}" else word


def _change_words(words: list[str], random: Random) -> None:
    """A word gone, doubled, or an odd one in its place; nothing that names another place of this machine."""
    at = random.randrange(1, len(words)) if len(words) > 1 else 0
    kind = random.randrange(4)
    if kind == 0:
        del words[at]
    elif kind == 1:
        words.insert(at, words[at])
    elif kind == 2:
        words[at] = _odd(random)
    else:
        words.insert(at, random.choice(("--debug", "--help", "--json", "--", "-", "--nothing", "@x", _odd(random))))


def _odd(random: Random) -> str:
    odd = [
        str(value) for value in mutate.ODD if not isinstance(value, str) or not value.startswith(("/", "..", "http"))
    ]
    text = random.choice(odd)[:2000].replace("\x00", "")
    return os.fsdecode(text.encode("utf-8", "surrogatepass"))
