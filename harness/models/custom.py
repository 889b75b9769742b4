"""Models from outside this project: ``--model module:name``, an entry point, or a Python object that is handed over.

What may be given: a `Model`, an `Adapter`, a class or function that makes one (called with the `LoadOptions` where it
has a parameter ``options``, else without arguments), or a plain function, told by what it takes:

* ``f(waveform, language) -> str | Hypothesis``: one clip at a time, 16 kHz mono float32;
* ``f(clips) -> list[str | Hypothesis]``: a batch of `Clip`, one answer a clip, in their order.

A clip without samples says nothing, and is not given to a function.
"""

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Literal

from harness.amounts import amount
from harness.errors import HarnessError, ModelError, UsageError, unknown_name
from harness.models._per_clip import finite
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.types import Clip, Hypothesis

GROUP = "asr_harness.models"
"""The entry points under which packages offer an `Adapter`."""

_FORM = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
_USES = "a model is a Model, an Adapter, something that makes one, f(waveform, language) or f(clips)"


class FunctionModel(Model):
    """A function of one clip's waveform and language (`per_clip`), or of a list of clips, as a model."""

    def __init__(self, function: Callable[..., object], card: ModelCard, *, per_clip: bool) -> None:
        self.card = card
        self._function, self._per_clip = function, per_clip

    def features(self, clips: Sequence[Clip]) -> list[Clip]:
        """The clips, with numbers only in their waveforms."""
        return [replace(clip, waveform=finite(clip.waveform)) for clip in clips]

    def infer(self, features: Sequence[Clip]) -> list[Hypothesis]:
        """What the function says of each clip.

        Raises:
            ModelError: it is no text, or not one a clip.
        """
        clips = [clip for clip in features if len(clip.waveform)]
        answers = iter(self._ask(clips))
        return [
            _hypothesis(next(answers), clip, self.card.id) if len(clip.waveform) else Hypothesis(text="")
            for clip in features
        ]

    def text(self, output: list[Hypothesis]) -> list[Hypothesis]:
        """One hypothesis a clip."""
        return output

    def _ask(self, clips: list[Clip]) -> list[object]:
        if self._per_clip:
            return [self._function(clip.waveform, clip.language) for clip in clips]
        found = self._function(clips) if clips else []
        if isinstance(found, str | bytes) or not isinstance(found, Iterable):
            raise ModelError(
                f"{clips[0].id}: {self.card.id} returned {type(found).__name__} for a batch of {len(clips)}, not a"
                " list; a function with one parameter is given a list of clips, one with two (waveform, language)"
            )
        answers = list(found)
        if len(answers) != len(clips):
            raise ModelError(f"{self.card.id} returned {amount(len(answers), 'text')} for {amount(len(clips), 'clip')}")
        return answers


def _hypothesis(answer: object, clip: Clip, name: str) -> Hypothesis:
    if isinstance(answer, str):
        return Hypothesis(text=str(answer))
    if isinstance(answer, Hypothesis):
        return answer
    raise ModelError(f"{clip.id}: {name} returned {type(answer).__name__}, not a text or a Hypothesis")


def wrap(found: object, name: str | None = None, options: LoadOptions | None = None) -> Model:
    """A Python object (see the module) as a model; its card's revision names the source code that it is of.

    Where no name is given, it is that of the object.

    Raises:
        UsageError: it is nothing of the kind.
        ModelError: it cannot be loaded.
    """
    name = (name or _name(found)).replace("<lambda>", "lambda")
    options = options or LoadOptions()
    try:
        made = _made(found, options)
    except (HarnessError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(f"{name} cannot be made: {type(error).__name__}: {error}") from error
    code = _code_revision(found)
    if not isinstance(made, Model):
        if not callable(made):
            raise UsageError(f"{name} gives a {type(made).__name__}, which cannot be called; {_USES}")
        use = _use(made)
        if use not in {"clip", "batch"}:
            raise UsageError(f"{name} takes other arguments than a model does; {_USES}")
        # What one clip's transcript is can depend on no other clip where each is given alone.
        card = ModelCard(id=name, revision=code, batch_invariant=use == "clip")
        return FunctionModel(made, card, per_clip=use == "clip")
    stated = getattr(made, "card", None)
    if not isinstance(stated, ModelCard):
        raise UsageError(f"{name} is a Model without a card; set its attribute card to a ModelCard")
    if code is not None and code not in (stated.revision or ""):
        with suppress(AttributeError):  # a card that is computed states what it wants to
            made.card = replace(stated, revision=code if stated.revision is None else f"{stated.revision}, code {code}")
    return made


def _made(found: object, options: LoadOptions) -> object:
    """The Model or function that an object is or makes."""
    if isinstance(found, Adapter):
        return found.load(found.card.id if found.card is not None else found.name, options)
    if isinstance(found, Model) or not callable(found):
        return found
    use = _use(found)
    if use == "options":
        return found(options=options)
    return found() if use == "nothing" else found


def _use(function: Callable[..., object]) -> Literal["nothing", "options", "clip", "batch", "unknown"]:
    """What a callable is to be given, as its parameters say."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some of those written in C state none
        return "unknown"
    places = [one for one in parameters.values() if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    needed = [one for one in parameters.values() if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    if "options" in parameters and all(one.name == "options" for one in needed):
        return "options"
    if any(one.kind in {one.KEYWORD_ONLY, one.VAR_POSITIONAL} for one in needed):
        return "unknown"
    if len(needed) == 2 or (len(needed) == 1 and len(places) > 1 and places[1].name == "language"):
        return "clip"
    return "nothing" if not needed else "batch" if len(needed) == 1 else "unknown"


def _name(found: object) -> str:
    found = getattr(found, "func", found)  # of a functools.partial
    return str(getattr(found, "__name__", None) or type(found).__name__)


def tells_itself_apart(found: object) -> bool:
    """Whether the revision says all that an object does; not so for closures, lambdas, partials, objects with state."""
    if isinstance(found, Model):
        return found.card.revision is not None if hasattr(found, "card") else False
    plain = inspect.isfunction(found) and found.__closure__ is None and "<" not in found.__qualname__
    return plain and _code_revision(found) is not None


def _code_revision(found: object) -> str | None:
    """The digest of the source file of an object, or of its own text where it was typed into a notebook."""
    kind = found.load if isinstance(found, Adapter) else found
    kind = getattr(kind, "func", kind)  # of a functools.partial
    if not (inspect.isroutine(kind) or inspect.isclass(kind)):
        kind = type(kind)
    try:
        file = Path(inspect.getsourcefile(kind) or "")
        text = file.read_bytes() if file.is_file() else inspect.getsource(kind).encode()
    except (OSError, TypeError):
        return None
    return f"sha256:{hashlib.sha256(text).hexdigest()[:16]}"


def locate(name: str) -> object:
    """The object that ``module:name`` means, from where Python finds modules, the current folder first.

    Raises:
        UsageError: there is no such module, or nothing of that name in it.
        ModelError: the module cannot be imported.
    """
    match = _FORM.fullmatch(name)
    assert match is not None
    module = match["module"]
    try:
        with _current_folder_first():
            found: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise ModelError(f"{name}: {module} cannot be imported: {error}") from error
        raise UsageError(
            f"{name}: no module called {error.name!r} in the current folder or where Python finds modules"
        ) from None
    except (Exception, SystemExit) as error:
        raise ModelError(f"{name}: {module} cannot be imported: {type(error).__name__}: {error}") from error
    for part in match["path"].split("."):
        if not hasattr(found, part):
            raise unknown_name(f"object in {module}", part, [key for key in vars(found) if not key.startswith("_")])
        found = getattr(found, part)
    if not (callable(found) or isinstance(found, Model | Adapter)):
        raise UsageError(f"{name} is of type {type(found).__name__}, which cannot be called; {_USES}")
    return found


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Lets the current folder win while a module is imported; afterwards it is the last to be looked into."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
        if here not in sys.path:
            sys.path.append(here)


def plugins() -> Iterator[Adapter]:
    """The adapters that installed packages offer. One that cannot be had stands there and says so when it is used."""
    for point in metadata.entry_points(group=GROUP):
        try:
            adapter = point.load()
            if not isinstance(adapter, Adapter):
                raise ModelError(f"{point.value} is of type {type(adapter).__name__}, not an Adapter")
        except Exception as error:  # noqa: BLE001 - somebody else's package; the other models can do without it
            adapter = _broken(point.name, f"the entry point {point.name} of {GROUP} cannot be loaded: {error}")
        yield adapter


def _broken(name: str, why: str) -> Adapter:
    def refuse(_name: str, _options: LoadOptions) -> Model:
        raise ModelError(why)

    return Adapter(name=name, summary=why, accepts=name.__eq__, load=refuse)


ADAPTER = Adapter(
    name="custom",
    tried="modules made by the tests",
    summary="module:name, a model or a function of your own in a Python module (docs/adding_a_model.md)",
    accepts=lambda name: _FORM.fullmatch(name) is not None,
    load=lambda name, options: wrap(locate(name), name, options),
    translation="",
    check=lambda name: _code_revision(locate(name)),
)
