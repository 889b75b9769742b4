"""A model that Ray's workers can load by name, and that leaves a trace of where it is."""

import os
import time
from dataclasses import replace
from pathlib import Path

from harness.errors import ModelError
from harness.models import registry
from harness.models.base import LoadOptions, Model
from tests.harness.runner.stub_run import Slow


class Traced(Slow):
    """Hangs, dies or is slow on request, which is what its name says: ``traced:FOLDER:what=value,...``"""

    def __init__(self, folder: Path, **trouble: float) -> None:
        super().__init__(trouble.get("seconds", 0.0))
        self.folder, self.trouble = folder, trouble
        self.card = replace(self.card, packs="packs" in trouble)
        (folder / str(os.getpid())).touch()

    def infer(self, features: list[int]) -> list[int]:
        if self.trouble.get("dies") in features:
            os._exit(1)
        if self.trouble.get("hangs") in features:
            time.sleep(60)
        if len(features) > self.trouble.get("clips", 1_000):
            raise MemoryError
        return super().infer(features)


def load(name: str, options: LoadOptions) -> Model:
    """As the registry's, and the stub."""
    if not name.startswith("traced:"):
        return registry.load_model(name, options)
    _, folder, wishes = name.split(":")
    trouble = {key: float(value) for key, value in (wish.split("=") for wish in wishes.split(",") if wish)}
    if "broken" in trouble:
        raise ModelError("traced cannot be loaded: it is broken")
    return Traced(Path(folder), **trouble)
