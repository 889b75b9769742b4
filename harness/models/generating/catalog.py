"""Which families there are: every `Family` of the modules in `harness.models.generating.families`."""

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import replace

from harness.errors import UsageError, unknown_name
from harness.models.generating import families as folder
from harness.models.generating.family import Ask, Asked, Family


@functools.cache
def families() -> dict[str, Family]:
    """All families by name, in the order of their names. Nothing heavy is imported to find them."""
    modules = [info.name for info in pkgutil.iter_modules(folder.__path__)]
    found = [one for name in modules for one in importlib.import_module(f"{folder.__name__}.{name}").FAMILIES]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def family_of(model_type: object) -> Family | None:
    """The family that a config's ``model_type`` belongs to."""
    return next((one for one in families().values() if model_type in one.model_types), None)


def named(name: str) -> Family:
    """The family that `--family NAME` means: its name, or one of its types.

    Raises:
        UsageError: there is none.
    """
    found = families().get(name) or family_of(name)
    if found is None:
        raise UsageError(f"{unknown_name('family', name, families())}; --family guess tries the plainest way")
    return found


def check_needs(model: str, family: Family) -> None:
    """Raises UsageError where a package that the family needs is not installed."""
    for module, package in family.needs.items():
        if importlib.util.find_spec(module) is None:
            raise UsageError(
                f"{model} ({family.name}) needs {module}, not installed here; to install: pip install {package}"
            )


def check_asked(model: str, family: Family, asked: Asked) -> Asked:
    """What the user asked for, with a language by the library's name for it.

    Raises:
        UsageError: the family cannot be asked for it.
    """
    wants: dict[Ask, bool] = {
        "keywords": bool(asked.keywords),
        "prompt": asked.prompt is not None,
        "punctuation": asked.punctuation is not None,
        "translate": asked.translate is not None,
        "lookahead": asked.lookahead is not None,
        "locale": asked.locale is not None,
    }
    for ask, wanted in wants.items():
        if wanted and ask not in family.asks:
            can = f"it can be asked for {', '.join(family.asks)}" if family.asks else "it cannot be asked for anything"
            raise UsageError(f"{model} ({family.name}) cannot be asked for {ask}; {can}")
    if asked.static_cache and family.frames is not None:
        raise UsageError(f"--model-option cache=static: {family.name} keeps no keys and values; leave it out")
    if asked.translate is None:
        return asked
    if asked.translate not in family.languages:
        known = ", ".join(family.languages)
        raise UsageError(f"--model-option translate={asked.translate}: {family.name} writes {known}")
    return replace(asked, translate=family.languages[asked.translate])
