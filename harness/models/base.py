"""The protocol between the runner and a model: three stages, so that the runner can overlap and time them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.devices import KINDS
from harness.errors import UsageError
from harness.types import Clip, Hypothesis


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known about a model. A fact that is not known is None."""

    id: str
    """What `--model` takes."""
    revision: str | None = None
    """Revision or version of the weights."""
    parameters: int | None = None
    """Number of parameters."""
    languages: tuple[str, ...] = ()
    """BCP-47 primary subtags; empty is unknown."""
    license: str | None = None
    """SPDX identifier where there is one."""
    max_seconds: float | None = None
    """The longest clip that the model takes; None is no limit."""
    non_autoregressive: bool = False
    """Whether all tokens come from a fixed number of forward passes."""
    batch_invariant: bool = False
    """Whether a transcript does not depend on the other clips of its batch."""
    packs: bool = False
    """Whether a batch is packed without padding, so that its cost is the sum of its clips."""
    window_seconds: float | None = None
    """What each clip costs at least, where shorter ones are filled up to a window of fixed length."""
    clip_bytes: int | None = None
    """Memory of the device that a clip of a batch holds, beside the weights: caches and encoder states at their most,
    by the shapes of the network. None is not known."""
    second_values: int | None = None
    """Numbers, in the format of the weights, that a second of a batch holds beside the weights at its most. None is not
    known."""
    weight_bytes: int | None = None
    """Memory of the device that the weights take. None is not known."""
    max_batch: int | None = None
    """The largest number of clips that a call takes; 1 for models that have no batches."""
    in_flight: int = 1
    """Batches under way at a time, of models that hand their work on: `Model.infer` starts it, `Model.text` waits."""
    served: bool = False
    """Whether a server does the work: it is not warmed up, and its RTFx is throughput at so many requests at once."""
    note: str = ""
    """What a reader of the results should know, such as whose copy of the weights this is."""


@dataclass(frozen=True, slots=True)
class ModelOption:
    """Something that a family of models can be told: ``--model-option NAME=VALUE``."""

    name: str
    help: str
    """One line, without choices and default."""
    choices: tuple[str, ...] = ()
    """The values that there are; empty is any. One that ends in ``:`` is the beginning of a value."""
    default: str | None = None
    text: bool = True
    """Whether it can change a transcript, so that a run is gone on with under the same value only."""

    named: tuple[str, ...] = ()
    """Values under which results have a name of their own, so that they are not taken for the model's."""

    def allows(self, value: str) -> bool:
        """Whether it may have this value."""
        begun = any(one.endswith(":") and value.startswith(one) and value != one for one in self.choices)
        return not self.choices or begun or (value in self.choices and not value.endswith(":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What the user said about how a model is to be loaded."""

    device: str = "cpu"
    """``cpu``, ``cuda``, ``cuda:N`` or ``mps``; never ``auto``, which is resolved before."""
    dtype: str = "float32"
    """``float32`` or ``bfloat16``."""
    attention: str = "auto"
    """``auto``, ``flash``, ``varlen`` or ``sdpa``."""
    cudnn_attention: bool = False
    """Whether torch may leave attention to cuDNN."""
    revision: str | None = None
    """A hub revision that overrides the pinned one."""
    trust_remote_code: bool = False
    """Whether code from the hub may run; off unless the user said so."""
    family: str | None = None
    """Which family of models to take it for, where its config does not say or says otherwise; ``guess`` tries."""
    model_option: tuple[str, ...] = ()
    """``NAME=VALUE``, each name once; checked against the adapter's `Adapter.options` before it is asked to load."""
    keywords: tuple[str, ...] = ()
    """Words and phrases that the model should listen for, where it can."""
    row_keywords: bool = False
    """Whether it should listen for those of each utterance's own list too (`Clip.keywords`)."""
    target: str | None = None
    """The language to translate into, a primary subtag; None: to transcribe."""
    concurrency: int = 1
    """Requests at a time, for models that are servers."""
    max_cost: float | None = None
    """US dollars that the run may cost; None is no limit."""
    spent: float = 0.0
    """US dollars that the run has cost before."""
    yes_this_costs: bool = False
    """Whether a server may be asked that may bill for it."""

    def option(self, name: str) -> str | None:
        """The value that the user gave the option; None where nothing was said."""
        return dict(each.split("=", 1) for each in self.model_option).get(name)

    def whole(self, name: str) -> int | None:
        """The whole number from 1 up that the user gave the option; None where nothing was said.

        Raises:
            UsageError: it is none.
        """
        given = self.option(name)
        if given is not None and not (given.isascii() and given.isdecimal() and int(given)):
            raise UsageError(f"--model-option {name}={given}: give a whole number from 1 up")
        return None if given is None else int(given)


class Model(ABC):
    """A loaded model. Stages are called in order for each batch; a stage may run while another batch is in another.

    Features and transfer run in one thread, the network in a second, text in a third.
    """

    card: ModelCard
    accelerated: bool = False
    """Whether it computes on an accelerator, whose first batch of a size costs more than later ones."""

    @abstractmethod
    def features(self, clips: Sequence[Clip]) -> Any:
        """Waveforms to what the network takes, on the host or the device."""

    def transfer(self, features: Any) -> Any:
        """Moves features to the device; the default leaves them where they are."""
        return features

    @abstractmethod
    def infer(self, features: Any) -> Any:
        """Runs the network."""

    @abstractmethod
    def text(self, output: Any) -> list[Hypothesis]:
        """Network output to text: one hypothesis a clip, in the order of the clips."""

    def flops(self, seconds: float, tokens: float) -> tuple[float, str] | None:
        """Floating-point operations for a clip alone, and how they were counted; None where nobody counted them.

        Args:
            seconds: of the clip.
            tokens: that are generated for it, where the model counts them.
        """
        return None

    def beside(self) -> None:  # noqa: B027 - most models have nothing to prepare
        """Called once in each thread that works beside the network's: where a device has streams, it takes its own."""

    def synchronize(self) -> None:  # noqa: B027 - most models have nothing to wait for
        """Waits until all device work that this thread started has ended."""

    def close(self) -> None:  # noqa: B027 - most models have nothing to give back
        """Gives back what the model holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of several families of an adapter, for `list models`."""

    name: str
    """What `--family` takes."""
    summary: str
    """One line."""
    languages: tuple[str, ...] = ()
    """BCP-47 primary subtags; empty is unknown."""
    hub: tuple[str, ...] = ()
    """Hub ids that are known."""
    needs: tuple[str, ...] = ()
    """Modules that must be importable, beside the adapter's."""
    asks: tuple[str, ...] = ()
    """What it can be asked for, of the adapter's options and keywords."""
    tried: str = ""
    """What was run in this project's tests, for docs/models.md; empty is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One family of models: what names it answers to and how it is loaded. One object `ADAPTER` in each module here."""

    name: str
    """The family, or the model where there is just one."""
    summary: str
    """One line for `list models`."""
    load: Callable[[str, LoadOptions], Model]
    """Loads the model of that name. Raises ModelError, UsageError or AccessError."""
    accepts: Callable[[str], bool] = lambda _name: False
    """Whether a `--model` name is meant for this adapter; hub ids and folders are decided by their config instead."""
    model_types: tuple[str, ...] = ()
    """Values of `model_type` in a hub config.json that this adapter loads."""
    options: tuple[ModelOption, ...] = ()
    """What ``--model-option`` may say."""
    listed: Callable[[], Sequence[Listed]] = tuple
    """Its families, where they are listed each by itself."""
    keywords: bool = False
    """Whether some of its models can be given words to listen for."""
    row_keywords: bool = False
    """Whether they can be given others for each clip."""
    translation: str | None = None
    """The model option that asks for a translation, as ``translate={target}``; empty: nothing is to be said, what the
    model writes is taken for one. None: its models do not translate."""
    translates_into: tuple[str, ...] = ()
    """Languages that they translate into, where they are few; empty: the option's own checks tell."""
    devices: tuple[str, ...] = KINDS
    """The kinds of device that its models run on; on any other machine they run on the processor."""
    served: bool = False
    """Whether its models are servers'."""
    card: ModelCard | None = None
    """Known before loading, for models that come with a package."""
    expects: Callable[[ModelCard, Path, int], ModelCard] = lambda card, _folder, _itemsize: card
    """The card with what the config in a checkpoint's folder says of the cost of clips, before it is loaded, at so many
    bytes a number."""
    requires: tuple[str, ...] = ()
    """Modules that must be importable."""
    packages: frozenset[str] | None = None
    """Distributions whose versions can change what its models write, besides those that decode audio
    (`harness.models.versions`); None is any: a run is not gone on with by others."""
    extra: str | None = None
    """The extra of this project that installs them."""
    tried: str = ""
    """What was run in this project's tests, and on what weights, for docs/models.md; empty is nothing."""
    check: Callable[[str], str | None] = lambda _name: None
    """Raises what can be told of a name before it is loaded; gives the revision of the user's own code behind it."""
    identify: Callable[[str], str | None] = lambda _name: None
    """The revision that the card will state when the model is loaded, from its files as they are now; quick, without
    loading. None where only loading can tell."""
    says_the_same: Callable[[str, Iterable[tuple[str, str]]], bool] | None = None
    """Of a model that looks up what was written before: whether it still has these transcripts, by id."""
