"""Finds the models: which adapters there are, and which of them a `--model` name means.

An adapter is a module (or package) of `harness.models` with an object `ADAPTER` (or several, `ADAPTERS`); adding one is
adding a file. Other packages offer theirs as entry points (`harness.models.custom.GROUP`). Nothing heavy is imported to
find them: a module here imports its libraries inside its functions.

What `--model NAME` means, in this order:

1. a name that an adapter answers to: ``pocketsphinx``, ``transcripts:FILE``, a hub id that is built in;
2. ``module:name``, an object of a Python module;
3. a folder with config.json, or a hub id ``org/name``: the config's ``model_type`` decides which adapter loads it;
   with `--trust-remote-code`, a config whose ``auto_map`` names code of its own is run by that code instead;
   with `--family`, the adapter of the generating families takes it for one of that family.
"""

import difflib
import functools
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import harness.models
from harness.devices import KINDS
from harness.errors import HarnessError, ModelError, UsageError, unknown_name
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.models.custom import ADAPTER as CUSTOM
from harness.models.custom import GROUP, plugins
from harness.models.hub import HubConfig, folder_here, is_commit, is_local, parameters_in, read_config
from harness.models.hub import revision_now as hub_revision_now
from harness.secret_values import hide

EMBEDDED = ("pocketsphinx", "whisper-tiny.en", "hama")
"""Models whose weights come inside Python packages, in the order in which the `sample` suite runs them."""

REMOTE_CODE = "remote_code"
"""The adapter that runs a hub model's own code."""

GENERATING = "generating"
"""The adapter that `--family` speaks to."""

_NOT_ADAPTERS = frozenset({"base", "check", "digests", "hub", "registry", "versions"})
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


@functools.cache
def adapters() -> dict[str, Adapter]:
    """All adapters by name, in the order of their names."""
    offered: list[tuple[Adapter, str]] = []
    for info in pkgutil.iter_modules(harness.models.__path__):
        if info.name.startswith("_") or info.name in _NOT_ADAPTERS:
            continue
        module = importlib.import_module(f"harness.models.{info.name}")
        # A module with neither is a helper that stands among the adapters.
        one, several = getattr(module, "ADAPTER", None), getattr(module, "ADAPTERS", ())
        every = several if one is None else (one, *several)
        offered += [(adapter, f"harness/models/{info.name}") for adapter in every]
    offered += [(adapter, f"an entry point of {GROUP}") for adapter in plugins()]
    found: dict[str, Adapter] = {}
    for adapter, where in offered:
        if adapter.name in found:
            raise ModelError(f"two adapters are called {adapter.name!r}; the second is {where}")
        found[adapter.name] = adapter
    return dict(sorted(found.items()))


def _direct(name: str) -> Adapter | None:
    """The adapter that answers to the name itself; any other goes before that of ``module:name``."""
    accepting = [adapter for adapter in adapters().values() if adapter.accepts(name)]
    return min(accepting, key=lambda adapter: adapter.name == CUSTOM.name, default=None)


def known_models() -> list[ModelCard]:
    """The cards of the models that are known before loading, the embedded ones first."""
    order = {name: place for place, name in enumerate(EMBEDDED)}
    cards = [adapter.card for adapter in adapters().values() if adapter.card is not None]
    return sorted(cards, key=lambda card: (order.get(card.id, len(order)), card.id))


def embedded_models() -> list[str]:
    """The embedded models whose packages are installed, in the order of `EMBEDDED`."""
    found = adapters()
    return [name for name in EMBEDDED if name in found and not missing_modules(found[name])]


def missing_modules(adapter: Adapter) -> list[str]:
    """The modules that the adapter requires and that cannot be imported; nothing is imported to find out."""
    return [module for module in adapter.requires if importlib.util.find_spec(module) is None]


def load_model(name: str, options: LoadOptions) -> Model:
    """Loads the model that `--model NAME` means.

    Raises:
        UsageError: there is no such model, or something that it needs is not installed.
        AccessError: the hub cannot be reached, or the model asks for a sign-in.
        ModelError: the model's files are missing, broken or not what they should be.
    """
    adapter, options = _resolve(name, options)
    _check_installed(name, adapter)
    options = _translating(name, adapter, options)
    _check_options(name, adapter, options)
    try:
        return adapter.load(name, options)
    except (HarnessError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(f"{name} cannot be loaded ({adapter.name}): {type(error).__name__}: {error}") from error


def check_model(name: str) -> str | None:
    """Raises what can be told without the network and without loading: a mistyped name, a package that is missing.

    Returns:
        The revision of the model's code, where that is a module of the user's own.

    Raises:
        UsageError: as `load_model`.
        ModelError: a module of the user's own cannot be imported.
    """
    direct = _direct(name)
    if direct is not None:
        _check_installed(name, direct)
        revision = direct.check(name)
        if hide(name, {}) != name:
            what = "holds a password or a token, and a run's folder is called by it"
            raise UsageError(f"--model {hide(name, {})} {what}; leave it out, keys come from the environment")
        return revision
    if not name or Path(name).expanduser().is_file():
        what = f"{name!r} is a file" if name else "--model '' names nothing"
        raise UsageError(f"{what}; --model takes a folder with config.json, a hub id org/name or a known name")
    if _HUB_ID.fullmatch(name) is None and not Path(name).expanduser().is_dir():
        raise _no_such_model(name)
    if hide(name) != name:
        raise UsageError(
            f"--model {hide(name)} holds a password or a token, and a run's folder is called by it; rename it"
        )
    return None


def text_options(name: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the given model options that can change a transcript; all where the model is not known by its name."""
    adapter = _direct(name)
    others = {option.name for option in adapter.options if not option.text} if adapter is not None else set()
    return tuple(each for each in given if each.partition("=")[0] not in others)


def named_values(name: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """Those values of the given model options under which results have a name of their own (`ModelOption.named`)."""
    adapter = _direct(name)
    if adapter is None and is_local(name):
        with suppress(HarnessError):
            adapter = _by_model_type(name, read_config(name))
    known = {option.name: option.named for option in adapter.options} if adapter is not None else {}
    return tuple(value for key, _, value in (each.partition("=") for each in given) if value in known.get(key, ()))


def is_served(name: str) -> bool:
    """Whether the model is a server's."""
    adapter = _direct(name)
    return adapter is not None and adapter.served


def _translating(name: str, adapter: Adapter, options: LoadOptions) -> LoadOptions:
    """The options with the one that asks for a translation, where that is the task.

    Raises:
        UsageError: the model does not translate, or not into that language, or is told so otherwise too.
    """
    if options.target is None:
        return options
    if adapter.translation is None:
        able = ", ".join(one.name for one in adapters().values() if one.translation)
        raise UsageError(f"--task translate: {name} ({adapter.name}) does not translate; these do: {able}")
    if adapter.translates_into and options.target not in adapter.translates_into:
        into = ", ".join(adapter.translates_into)
        raise UsageError(f"--target {options.target}: {name} ({adapter.name}) translates into {into} only")
    if not adapter.translation:
        return options
    told = adapter.translation.format(target=options.target)
    option = told.partition("=")[0]
    given = options.option(option)
    if given is not None:
        raise UsageError(f"--model-option {option}={given}: --task translate says {told}; leave one of them out")
    return replace(options, model_option=tuple(sorted((*options.model_option, told))))


def _check_options(name: str, adapter: Adapter, options: LoadOptions) -> None:
    """Refuses what the adapter cannot be told."""
    if options.keywords and not adapter.keywords:
        raise UsageError(f"--keywords: {name} ({adapter.name}) cannot be given words to listen for; leave them out")
    if options.row_keywords and not adapter.row_keywords:
        raise UsageError(f"--row-keywords: {name} ({adapter.name}) cannot be given words for each clip; leave it out")
    known = {option.name: option for option in adapter.options}
    for given in options.model_option:
        key, value = given.split("=", 1)
        if key not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise UsageError(f"--model-option {key}: {name} ({adapter.name}) has no such option; {has}")
        if not known[key].allows(value):
            choices = ", ".join(f"{choice}..." if choice.endswith(":") else choice for choice in known[key].choices)
            raise UsageError(f"--model-option {given}: {key} of {name} ({adapter.name}) is one of {choices}")


def revision_now(name: str, revision: str | None, before: str) -> str | None:
    """The revision of a model's files as they are now, without the network and without loading.

    Args:
        name: what `--model` says.
        revision: what `--revision` says.
        before: the revision that a run states, which the hub's cache may hold beside a newer one.

    Returns:
        What the card would state; None where only loading can tell.

    Raises:
        ModelError: the files cannot be read.
    """
    direct = _direct(name)
    if direct is None or (direct.card is not None and "/" in name and is_local(name)):
        if _HUB_ID.fullmatch(name) is None and not is_local(name):
            return None
        return hub_revision_now(name, revision, before)
    if direct.card is not None and "/" in direct.card.id:  # pinned, unless another was asked for
        return direct.card.revision if revision is None else revision if is_commit(revision) else None
    return direct.identify(name)


def expected_card(name: str, options: LoadOptions, itemsize: int) -> ModelCard | None:
    """What the card will say of a model, as far as its name and its files here tell; nothing is fetched or loaded.

    Args:
        name: what `--model` says.
        options: what the user said.
        itemsize: bytes of a number.
    """
    direct = _direct(name)
    if direct is not None and direct.card is not None:
        return direct.card
    folder = folder_here(name, options.revision) if direct is None else None
    if folder is None:
        return None
    try:
        adapter, _ = _resolve(str(folder), options)
        return adapter.expects(ModelCard(id=name, parameters=parameters_in(folder) or None), folder, itemsize)
    except (
        HarnessError,
        AttributeError,
        OSError,
        TypeError,
        ValueError,
    ):  # a config that says nonsense: loading will tell
        return None


def adapter_of(name: str, options: LoadOptions) -> Adapter:
    """The adapter that loads a model.

    Raises:
        UsageError, ModelError: as `load_model`, where that cannot be told.
    """
    return _resolve(name, options)[0]


def says_the_same(name: str, texts: Iterable[tuple[str, str]]) -> bool:
    """Whether a model that looks transcripts up has these still, by id, though its files changed. No other does."""
    direct = _direct(name)
    return direct is not None and direct.says_the_same is not None and direct.says_the_same(name, texts)


def devices_of(name: str) -> tuple[str, ...]:
    """The kinds of device that the model of a name runs on, as far as its name tells."""
    direct = _direct(name)
    return KINDS if direct is None else direct.devices


def _check_installed(name: str, adapter: Adapter) -> None:
    lacking = missing_modules(adapter)
    if lacking:
        how = f"pip install -c constraints.txt '.[{adapter.extra}]'" if adapter.extra else f"pip install {lacking[0]}"
        raise UsageError(f"{name} needs {', '.join(lacking)}, not installed here; to install: {how}")


def _resolve(name: str, options: LoadOptions) -> tuple[Adapter, LoadOptions]:
    """The adapter that loads `name`, and the options with the revision that the adapter pins filled in."""
    direct = _direct(name)
    if options.family is not None:
        if direct is not None:
            raise UsageError(f"--family is for checkpoints of transformers; {name} is run by {direct.name}")
        return adapters()[GENERATING], options
    if direct is not None and options.revision is None and direct.card is not None and direct.card.id == name:
        options = replace(options, revision=direct.card.revision if "/" in name else None)
    on_hub = _HUB_ID.fullmatch(name) is not None
    if direct is not None and not (options.trust_remote_code and on_hub):
        return direct, options
    if not on_hub and not Path(name).expanduser().is_dir():
        raise _no_such_model(name)
    config = read_config(name, options.revision)
    if options.trust_remote_code and config.own_code:
        return adapters()[REMOTE_CODE], options
    return direct or _by_model_type(name, config), options


def _no_such_model(name: str) -> UsageError:
    if "/" in name or "\\" in name or name.startswith(("~", ".")):
        return UsageError(
            f"no folder {name!r}; --model takes a folder with config.json, a hub id org/name or a known name"
        )
    error = unknown_name("model", name, {*(card.id for card in known_models()), "transcripts:FILE", "module:name"})
    return UsageError(f"{error}; a hub id has the form org/name")


def _by_model_type(name: str, config: HubConfig) -> Adapter:
    """The adapter for the config's ``model_type``."""
    for adapter in adapters().values():
        if config.model_type in adapter.model_types:
            return adapter
    what = f"{name} is of type {config.model_type!r}, for which there is no adapter here"
    if config.own_code:
        raise UsageError(
            f"{what}; it brings Python code of its own: --trust-remote-code runs that code on this machine with your"
            " rights, so read it first at the revision that you name with --revision"
        )
    types = [kind for adapter in adapters().values() for kind in adapter.model_types]
    near = difflib.get_close_matches(str(config.model_type), types, n=4, cutoff=0.5)
    has = f"; types with an adapter, and a name like it: {', '.join(near)}" if near else ""
    raise UsageError(f"{what}{has}; list models shows all; --family guess tries the plainest way")
