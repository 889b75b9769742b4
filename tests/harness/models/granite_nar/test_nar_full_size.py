"""The full 2.25 B parameters in layout B, random, from the disk: they load and transcribe on a CPU within 16 GB.

Writes 4.2 GB to the temporary folder and takes minutes, so it runs with `ASR_SLOW_TESTS=1` only:

    ASR_SLOW_TESTS=1 python -m pytest tests/harness/models/granite_nar/test_nar_full_size.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WRITE = """
import json, sys, torch
from pathlib import Path
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.network import GraniteNar
from tools.tiny_nar.saving import save_folder
folder = Path(sys.argv[1])
with torch.device("meta"):
    network = GraniteNar(GraniteNarConfig()).to(torch.bfloat16)
network = network.to_empty(device="cpu")
seed = torch.randn(1 << 20, dtype=torch.bfloat16) * 0.02
for name, tensor in network.state_dict().items():
    if "norm" in name and name.endswith(("weight", "running_var")):
        tensor.fill_(1)
    elif tensor.is_floating_point():
        flat = tensor.view(-1)
        for start in range(0, len(flat), len(seed)):
            piece = flat[start : start + len(seed)]
            piece.copy_(seed[: len(piece)])
    else:
        tensor.zero_()
save_folder(network, folder)
vocabulary = {f"t{number}": number for number in range(100257)}
tokenizer = {"version": "1.0", "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "t0"},
             "added_tokens": [], "decoder": None}
(folder / "tokenizer.json").write_text(json.dumps(tokenizer))
"""

READ = """
import json, resource, sys
import numpy as np
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.types import Clip
model = load_model(sys.argv[1], LoadOptions(dtype="bfloat16"))
noise = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
clips = [Clip(id=str(n), language="en", waveform=noise[:n]) for n in (32000, 16000)]
heard = model.text(model.infer(model.transfer(model.features(clips))))
print(json.dumps({
    "parameters": model.card.parameters,
    "texts": [each.text for each in heard],
    "drafts": [each.draft for each in heard],
    "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
}))
"""


@pytest.mark.skipif(not os.environ.get("ASR_SLOW_TESTS"), reason="writes 4.2 GB; ASR_SLOW_TESTS=1 runs it")
@pytest.mark.timeout(1800)
def test_a_full_size_checkpoint_loads_and_transcribes(tmp_path: Path, root: Path) -> None:
    def run(code: str) -> str:
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout

    run(WRITE)
    assert (tmp_path / "model.safetensors").stat().st_size > 4.5e9
    found = json.loads(run(READ).splitlines()[-1])
    sys.stdout.write(f"peak memory {found['peak_gb']:.1f} GB\n")
    assert found["parameters"] == 2_254_569_820
    assert len(found["texts"]) == len(found["drafts"]) == 2
    assert found["peak_gb"] < 16
