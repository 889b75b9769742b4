"""A folder with config.json, safetensors and tokenizer.json to a network: every tensor, once, of the right shape.

The network is made on the meta device and its parameters are replaced one by one by the file's, cast and moved, so that
no more than one copy of the weights is ever there. Nothing but safetensors is read: a pickle can run code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from harness.errors import ModelError
from harness.models.granite_nar import config as configuration
from harness.models.granite_nar import layouts
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.network import GraniteNar
from harness.models.granite_nar.tokenizer import Tokenizer
from harness.models.hub import read_json


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model, ready to run."""

    network: GraniteNar
    tokenizer: Tokenizer
    layout: str
    """``A``, ``B`` or ``C``."""


def read_config(folder: Path) -> GraniteNarConfig:
    """The configuration of a model folder."""
    content = read_json(folder / "config.json")
    preprocessor = folder / "preprocessor_config.json"
    return configuration.from_json(content, read_json(preprocessor) if preprocessor.is_file() else None)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder: those of the index where there is one, else all.

    Raises:
        ModelError: there are none, or the index names one that is missing.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named = read_json(index).get("weight_map")
        names = sorted(set(named.values())) if isinstance(named, dict) else []
        # A name with folders in it could point anywhere.
        files = [folder / str(name) for name in names if "/" not in str(name) and "\\" not in str(name)]
    else:
        files = sorted(folder.glob("*.safetensors"))
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        raise ModelError(f"{folder} has no {absent[0]}, which its index names; the download is not complete")
    if not files:
        pickles = [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")]
        hint = f"; {pickles[0].name} is a pickle, which could run code and is never read" if pickles else ""
        raise ModelError(f"{folder} has no .safetensors file{hint}")
    return files


def load_folder(folder: Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32) -> Loaded:
    """Loads a folder with config.json, safetensors, tokenizer.json and perhaps preprocessor_config.json.

    Raises:
        ModelError: a file is missing or broken, or a tensor is missing, too many, or misshapen; the message names it.
    """
    config = read_config(folder)
    tokenizer = Tokenizer(folder / "tokenizer.json", config.editor.vocab_size)
    network, layout = load_network(config, weight_files(folder), torch.device(device), dtype)
    return Loaded(network, tokenizer, layout)


def load_network(
    config: GraniteNarConfig, files: list[Path], device: torch.device, dtype: torch.dtype
) -> tuple[GraniteNar, str]:
    """The network with its weights, in evaluation mode, and the layout that the files have."""
    where = files[0].parent
    try:
        names = {name: file for file in files for name in _names(file)}
        layout = layouts.layout_of(names)
        with torch.device("meta"):
            network = GraniteNar(config)
        expected = network.state_dict()
        found = {layouts.renamed(name, layout): name for name in names if name not in layouts.TIED}
        _check(set(expected), set(found), layout, where)
        weights: dict[str, Tensor] = {}
        for name, tensor in _tensors(files, {own: name for name, own in found.items()}):
            if tensor.shape != expected[name].shape:
                raise ModelError(
                    f"{where}: {found[name]} is {list(tensor.shape)} in the file,"
                    f" {list(expected[name].shape)} by config.json"
                )
            weights[name] = tensor.to(device, dtype if tensor.is_floating_point() else None)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{where}: the weights cannot be read ({error}); the file is broken or not complete") from None
    for name in set(expected) - set(found):
        fill = layouts.identity_norm(name)
        assert fill is not None
        weights[name] = torch.full(expected[name].shape, fill, device=device, dtype=dtype)
    network.load_state_dict(weights, strict=True, assign=True)
    return network.eval().requires_grad_(False), layout


def _names(file: Path) -> list[str]:
    with safe_open(file, framework="pt") as content:
        return list(content.keys())


def _tensors(files: list[Path], wanted: dict[str, str]) -> Iterator[tuple[str, Tensor]]:
    """Each wanted tensor of the files under its name in the network, one at a time."""
    for file in files:
        with safe_open(file, framework="pt") as content:
            for own in content.keys():  # noqa: SIM118 - not a dict
                if own in wanted:
                    yield wanted[own], content.get_tensor(own)


def _check(expected: set[str], found: set[str], layout: str, where: Path) -> None:
    """Raises ModelError unless the file has exactly the network's tensors."""
    missing = {name for name in expected - found if not (layout == "C" and layouts.identity_norm(name) is not None)}
    problems = [
        f"{len(names)} {what}: {', '.join(sorted(names)[:3])}{', ...' if len(names) > 3 else ''}"
        for what, names in (("missing", missing), ("too many", found - expected))
        if names
    ]
    if problems:
        raise ModelError(f"{where}: tensors do not fit config.json (layout {layout}): {'; '.join(problems)}")
