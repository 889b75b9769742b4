"""Checkpoints in the hub's format: a local folder, or a hub id that is fetched into the hub's own cache.

The one place here that talks to a model hub. It asks once, waits seconds and says in one line what is wrong; a model
that is in the cache already needs no network. Only safetensors are fetched: pickled weights can run code when read.
"""

import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sources.hub_access import first_line, quiet, within
from harness.errors import AccessError, HarnessError, ModelError, UsageError
from harness.models.config_sizes import check_sizes, shapes_in
from harness.models.digests import file_digest

FILES = ("README.md", "*.json", "*.txt", "*.model", "*.jinja", "model.safetensors", "model-?????-of-?????.safetensors")
"""What is fetched: configuration, tokenizer and weights; not the copies of a repository in other formats."""

CODE = ("*.py",)
"""Fetched too where the user trusts the repository's code."""

PROBE_SECONDS = 8.0
"""How long the hub may take to answer the first question."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_IMPLEMENTATIONS = ("_implementation", "_implementation_internal")
"""Ends of the names of settings that may name a repository with kernels."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True, slots=True)
class HubConfig:
    """What any config.json says, whatever the model."""

    model_type: object
    """The family, a text in every config that means something."""
    own_code: bool
    """Whether ``auto_map`` names Python files of the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A folder in the hub's format."""

    name: str
    """What the user called it: a hub id or a path."""
    folder: Path
    """Where its files are."""
    revision: str
    """The hub's commit, or ``sha256:`` and the beginning of the digest of a local folder's files."""
    config: HubConfig
    """What config.json says of the kind of model."""


def is_commit(revision: str | None) -> bool:
    """Whether this is a full commit hash: a name such as ``main`` may mean something else tomorrow."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def is_local(name: str) -> bool:
    """Whether the name is a folder here; a folder wins over a hub id of the same name."""
    return Path(name).expanduser().is_dir()


def read_config(name: str, revision: str | None = None) -> HubConfig:
    """What config.json says of the model of a local folder or a hub id.

    Raises:
        UsageError: the folder has no config.json, or the hub has no such revision.
        AccessError: the hub cannot be reached, has no such model, or wants a sign-in.
        ModelError: config.json cannot be read.
    """
    if is_local(name):
        return _parse_config(Path(name).expanduser())
    return _parse_config(_fetch(name, revision, ("config.json",), complete=_has_config))


def fetch(name: str, revision: str | None = None, *, code: bool = False, files: Sequence[str] = FILES) -> Checkpoint:
    """A checkpoint ready to be loaded: of a local folder, or of a hub id at a revision (None: its newest).

    Of a hub id, `files` are fetched, and `code` says whether Python files are too.

    Raises:
        UsageError, AccessError, ModelError: as `read_config`; also where there are only pickled weights.
    """
    if is_local(name):
        folder = Path(name).expanduser()
        config = _parse_config(folder)
        _refuse_pickles(name, [path.name for path in folder.iterdir()])
        check_sizes(folder, read_json(folder / "config.json"))
        return Checkpoint(name=name, folder=folder, revision=folder_revision(folder), config=config)
    folder = _fetch(name, revision, (*files, *(CODE if code else ())), complete=_has_weights)
    check_sizes(folder, read_json(folder / "config.json"))
    return Checkpoint(name=name, folder=folder, revision=folder.name, config=_parse_config(folder))


def folder_here(name: str, revision: str | None) -> Path | None:
    """The folder with the weights of a local folder or a hub id, where they are here already; nothing is fetched."""
    if is_local(name):
        folder = Path(name).expanduser()
        return folder if _has_weights(folder) else None
    return _cached(name, revision, _has_weights) if "/" in name else None


def parameters_in(folder: Path) -> int:
    """Numbers in the safetensors files of a folder; only their headers are read. 0 where they cannot be."""
    return sum(map(math.prod, shapes_in(folder)))


def _parse_config(folder: Path) -> HubConfig:
    path = folder / "config.json"
    if not path.is_file():
        raise UsageError(f"{folder} has no config.json; a model's folder holds config.json, its weights and tokenizer")
    config = read_json(path)
    for key, kernel in _kernels(config):
        raise ModelError(
            f"{path} names code of another repository ({key}: {kernel!r}), which is not run; what works is a folder "
            "whose config.json does not, and --attention where another than the library's own choice is wanted"
        )
    return HubConfig(config.get("model_type"), bool(config.get("auto_map")))


def _kernels(config: object) -> Iterator[tuple[str, str]]:
    """What computes attention or experts where that is a repository, behind the name of the setting.

    The library may fetch such code and run it without being told that it may (CVE-2026-4372).
    """
    left: list[tuple[object, str]] = [(config, "")]
    while left:
        value, at = left.pop()
        if isinstance(value, dict):
            left += [(inner, key if key.endswith(_IMPLEMENTATIONS) else at) for key, inner in value.items()]
        elif isinstance(value, list):
            left += [(inner, at) for inner in value]
        elif at and isinstance(value, str) and "/" in value:
            yield at, value


def read_json(path: Path) -> dict[str, object]:
    """The object in a JSON file of a model's folder.

    Raises:
        ModelError: the file is missing or holds no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent} has no {path.name}; a model folder needs it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}, not a JSON object")
    return content


def revision_now(name: str, revision: str | None, before: str) -> str | None:
    """The revision of the files that a name means now, told without the network; None where that is not certain.

    Args:
        name: a local folder or a hub id.
        revision: of the hub id, as it was asked for; None is the newest.
        before: the revision that the files once had. As long as the hub's cache holds that one it may be had again.

    Raises:
        ModelError: a folder's files cannot be read.
    """
    if is_local(name):
        return folder_revision(Path(name).expanduser())
    if is_commit(revision):
        return revision

    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    cached = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="model")
    if (cached / "snapshots" / before).is_dir():
        return before
    try:
        commit = (cached / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return commit if (cached / "snapshots" / commit).is_dir() else None


def folder_revision(folder: Path) -> str:
    """Names the contents of a folder, so that a run is never continued with other weights of the same path."""
    real = folder.resolve()
    if real.parent.name == "snapshots" and is_commit(real.name):  # a folder of the hub's cache
        return real.name
    digest = hashlib.sha256()
    names = {path for pattern in (*FILES, *CODE, "*.safetensors") for path in folder.glob(pattern) if path.is_file()}
    try:
        for path in sorted(names):
            digest.update(path.name.encode() + bytes.fromhex(file_digest(path)))
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error}") from error
    return f"sha256:{digest.hexdigest()[:16]}"


def _refuse_pickles(name: str, files: Sequence[str]) -> None:
    """Raises where there are weights, but none that are safe to read."""
    if any(file.endswith(".safetensors") for file in files):
        return
    pickled = next((file for file in files if Path(file).suffix in _PICKLES), None)
    if pickled is not None:
        raise ModelError(
            f"{name} has its weights as {pickled} only, a pickle that can run code when it is read; save it as"
            " safetensors first (save_pretrained of transformers does)"
        )
    raise ModelError(f"{name} has no weights: there is no .safetensors file")


def _has_config(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _has_weights(folder: Path) -> bool:
    """Whether a cached folder is whole: config.json and every file of the weights."""
    if not _has_config(folder) or (folder / "model.safetensors").is_file():
        return _has_config(folder)
    try:
        shards = read_json(folder / "model.safetensors.index.json").get("weight_map")
    except ModelError:
        return False
    return isinstance(shards, dict) and bool(shards) and all((folder / str(one)).is_file() for one in shards.values())


def _fetch(name: str, revision: str | None, patterns: Sequence[str], complete: Callable[[Path], bool]) -> Path:
    """The folder of the hub's cache that holds the wanted files of `name`, fetched where they are not there yet."""
    from huggingface_hub import HfApi, snapshot_download

    if is_commit(revision):  # says exactly what is wanted, so that a whole copy needs no question
        cached = _cached(name, revision, complete)
        if cached is not None:
            return cached
    with quiet(bars=sys.stderr.isatty()):
        try:
            info = within(PROBE_SECONDS, lambda: HfApi().model_info(name, revision=revision, timeout=PROBE_SECONDS))
        except Exception as error:
            failure = _explain(name, revision, error)
            cached = _cached(name, revision, complete) if type(failure) is AccessError else None
            if cached is not None:
                return cached
            raise failure from error
        files = [sibling.rfilename for sibling in info.siblings or []]
        if complete is _has_weights:
            _refuse_pickles(name, files)
        elif "config.json" not in files:
            raise UsageError(f"{name} has no config.json on the hub, so that its type is not known")
        try:
            return Path(snapshot_download(name, revision=info.sha, allow_patterns=list(patterns)))
        except Exception as error:
            raise _explain(name, revision, error) from error


def _cached(name: str, revision: str | None, complete: Callable[[Path], bool]) -> Path | None:
    """The folder of the cache with all that is wanted, or None."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (OSError, ValueError):
        return None
    return folder if complete(folder) else None


def _explain(name: str, revision: str | None, error: Exception) -> HarnessError:
    """What went wrong with the hub, and how to go on, in one line."""
    from huggingface_hub import errors

    local = "or give a local folder to --model"
    sign_in = "sign in with `hf auth login`"
    what = f"the hub cannot be reached for {name} ({first_line(error)}); connect, {local}"
    match error:  # a class stands before those that it derives from
        case errors.RevisionNotFoundError():
            return UsageError(f"{name} has no revision {revision!r} on the hub")
        case errors.HFValidationError():
            return UsageError(f"{name!r} is not a hub id of the form org/name")
        case errors.GatedRepoError():
            what = f"{name} is gated: accept its terms at https://huggingface.co/{name}, {sign_in}, {local}"
        case errors.RepositoryNotFoundError():
            what = f"the hub has no model {name}, or it is private; check the name, {sign_in}, {local}"
        case errors.OfflineModeIsEnabled():
            what = f"{name} is not in the local cache, and HF_HUB_OFFLINE forbids to fetch it; unset it, {local}"
        case errors.HfHubHTTPError():
            what = f"the hub refused {name} ({first_line(error)}); {local}"
    return AccessError(what)
