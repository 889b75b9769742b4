"""What the adapters for models of transformers share: loading strictly and quietly, and the facts of the card."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypedDict

from harness.devices import is_here, kind_of
from harness.errors import ModelError, UsageError
from harness.models.base import LoadOptions, Model, ModelCard

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from harness.models.hub import Checkpoint

Tensors = dict[str, "Tensor"]
"""What a network takes, by the names of its arguments."""

FIRST = -1
"""Of the priorities that CUDA's streams have; the usual one is 0."""

_ATTENTION = {"auto": None, "sdpa": "sdpa", "flash": "flash_attention_2"}
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")
_ONLY_TRAINING = ("masked_spec_embed",)
"""Tensors that old checkpoints lack and that are not used when transcribing."""


class LoadingInfo(TypedDict):
    """The library's account of what it loaded, as far as it is looked at here."""

    missing_keys: Iterable[str]
    mismatched_keys: Iterable[tuple[str, Iterable[int], Iterable[int]]]
    """Names with the shapes in the file and by config.json."""
    unexpected_keys: Iterable[str]
    """Tensors of the file that the network has no place for, without those that the library knows of."""


class TorchModel(Model):
    """A model whose network is on one device of torch."""

    device: torch.device

    @property
    def accelerated(self) -> bool:  # type: ignore[override]
        """Whether the network is on a GPU."""
        return self.device.type != "cpu"

    def check_numbers(self, ids: Iterable[str], numbers: Tensor) -> None:
        """Raises ModelError where what the network gave for a clip is not numbers: bool ``[clips]``."""
        for clip, good in zip(ids, numbers.tolist(), strict=True):
            if not good:
                raise ModelError(f"{clip}: {self.card.id} gave values that are not finite numbers")

    def beside(self) -> None:
        """Gives this thread a stream of its own on a GPU, so that its work does not queue behind the network's.

        It goes before the network's: there is little of it, and the network waits for it.
        """
        if self.device.type == "cuda":
            import torch

            torch.cuda.set_stream(torch.cuda.Stream(self.device, priority=FIRST))

    def synchronize(self) -> None:
        """Waits for what this thread started on a GPU; other threads have other streams, where there are streams."""
        import torch

        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        elif self.device.type == "mps":
            torch.mps.synchronize()


@contextmanager
def quiet() -> Iterator[None]:
    """Stops the library's progress bars, advice and warnings: what matters is raised as an error here."""
    from transformers.utils import logging

    library: Any = logging  # its functions are not typed
    verbosity, bars = library.get_verbosity(), library.is_progress_bar_enabled()
    library.set_verbosity_error()
    library.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        library.set_verbosity(verbosity)
        if bars:
            library.enable_progress_bar()


def load_network(auto_class: Any, checkpoint: Checkpoint, options: LoadOptions, *, attention: str | None = None) -> Any:
    """The network of a class such as `AutoModelForCTC` with the checkpoint's weights, ready on the device.

    Args:
        auto_class: of transformers.
        checkpoint: its files.
        options: what the user said.
        attention: the library's name of the attention where the user leaves it to us; None leaves it to the library.

    Raises:
        UsageError: the device or attention is not there, or the model does not know it.
        ModelError: a tensor is missing, misshapen or unreadable.
    """
    import torch

    device = torch_device(options)
    chosen = attention_argument(checkpoint, options)
    if attention is not None:
        chosen = {"attn_implementation": attention, **chosen}
    try:
        with quiet():
            network, info = auto_class.from_pretrained(
                checkpoint.folder,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are reported here, by name
                local_files_only=True,
                dtype=getattr(torch, options.dtype),
                **chosen,
            )
    except Exception as error:
        text = one_line(error)
        if "attn" in text.lower() or "attention" in text.lower() or "flash" in text.lower():
            raise UsageError(f"{checkpoint.name} cannot use --attention {options.attention} here: {text}") from error
        raise ModelError(f"the weights in {checkpoint.folder} cannot be loaded: {text}") from error
    check_whole(network, info, checkpoint)
    network.unused_tensors = tuple(sorted(info["unexpected_keys"]))
    return network.eval().requires_grad_(requires_grad=False).to(device)


def check_whole(network: Any, info: LoadingInfo, checkpoint: Checkpoint) -> None:
    """Raises where the library would go on with random weights: it only warns of tensors that it did not find.

    Raises:
        ModelError: a tensor is missing, misshapen, of a layer too many, or holds what is no number.
    """
    import torch

    for name, stored, wanted in info["mismatched_keys"]:
        shapes = f"{list(stored)}, not {list(wanted)} as config.json has it"
        raise ModelError(f"the weights in {checkpoint.folder} do not fit: {name} is of shape {shapes}")
    missing = sorted(key for key in info["missing_keys"] if not key.endswith(_ONLY_TRAINING))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(f"the weights in {checkpoint.folder} lack {missing[0]}{more}; the copy is not whole")
    # What a checkpoint has beside the network, such as the head of another task, is no fault; a further layer is.
    known = {_NUMBER.sub("*", name) for name in network.state_dict()}
    more_layers = sorted(name for name in info["unexpected_keys"] if _NUMBER.sub("*", name) in known)
    if more_layers:
        raise ModelError(
            f"the weights in {checkpoint.folder} have more layers than config.json says: there is {more_layers[0]}"
        )
    broken = next((name for name, tensor in network.named_parameters() if not torch.isfinite(tensor).all()), None)
    if broken is not None:
        raise ModelError(f"the weights in {checkpoint.folder} hold values that are not finite numbers, in {broken}")


def load_part(auto_class: Any, checkpoint: Checkpoint) -> Any:
    """The checkpoint's tokenizer, feature extractor or processor.

    Raises:
        ModelError: its files are missing or broken.
    """
    try:
        with quiet():
            return auto_class.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        what = auto_class.__name__.removeprefix("Auto")
        raise ModelError(f"no usable {what} in {checkpoint.folder}: {one_line(error)}") from error


def attention_argument(checkpoint: Checkpoint, options: LoadOptions) -> dict[str, str]:
    """The library's argument for `--attention`; nothing where it is to choose.

    Raises:
        UsageError: the library has no such attention.
    """
    if options.attention not in _ATTENTION:
        raise UsageError(f"{checkpoint.name} knows --attention {', '.join(_ATTENTION)}, not {options.attention}")
    chosen = _ATTENTION[options.attention]
    return {} if chosen is None else {"attn_implementation": chosen}


def torch_device(options: LoadOptions) -> torch.device:
    """The device that the options name, which becomes the current one of this thread.

    On GPUs cuDNN's attention is off unless the user wants it: from Hopper on torch prefers it, and it builds a plan for
    every new shape, which each batch here has.

    Raises:
        UsageError: it is not there.
    """
    import torch

    device, kind = torch.device(options.device), kind_of(options.device)
    if not is_here(kind):
        raise UsageError(f"--device {options.device}: no GPU is visible to torch here; say --device cpu")
    if kind == "cuda" and device.index is not None:
        there = torch.cuda.device_count()
        if device.index >= there:
            raise UsageError(f"--device {options.device}: torch sees {there} here, from cuda:0 to cuda:{there - 1}")
        torch.cuda.set_device(device)  # for kernels that do not look where their tensors are
    if kind == "cuda":
        torch.backends.cuda.enable_cudnn_sdp(options.cudnn_attention)
    return device


def to_device(tensors: Tensors, network: Any) -> Tensors:
    """The tensors on the network's device, those of floating point in its dtype; through pinned memory to a GPU."""
    moved = {}
    for name, tensor in tensors.items():
        given = tensor.to(network.dtype) if tensor.is_floating_point() else tensor
        # Elsewhere a copy that nobody waits for may be read too early; what is on the GPU already needs none.
        pinned = network.device.type == "cuda" and given.device.type == "cpu"
        moved[name] = (given.pin_memory() if pinned else given).to(network.device, non_blocking=pinned)
    return moved


def card_of(checkpoint: Checkpoint, network: Any, *, note: str = "", **facts: Any) -> ModelCard:
    """The card: parameters counted, license and languages from the repository's README where it states them.

    Its note also says what of the weights is not used, such as an adapter that was trained for them.
    """
    from huggingface_hub import ModelCard as HubCard

    stated: dict[str, object] = {}
    with suppress(Exception):  # a README that is not there, or that nobody can parse, states nothing
        readme: Any = HubCard((checkpoint.folder / "README.md").read_text("utf-8"), ignore_metadata_errors=True)
        stated = readme.data.to_dict()
    license_, languages = stated.get("license"), stated.get("language")
    listed = languages if isinstance(languages, list) else [languages]
    unused: tuple[str, ...] = getattr(network, "unused_tensors", ())
    if unused:
        more = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
        note = f"{note}; " * bool(note) + f"not used of its weights: {unused[0]}{more}"
    return ModelCard(
        id=checkpoint.name,
        revision=checkpoint.revision,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        weight_bytes=sum(parameter.nbytes for parameter in network.parameters()),
        license=license_ if isinstance(license_, str) else None,
        languages=tuple(language for language in listed if isinstance(language, str)),
        note=note,
        **facts,
    )


def one_line(error: Exception) -> str:
    """The kind of an error and the beginning of what it says."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
