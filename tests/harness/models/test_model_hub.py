from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import huggingface_hub
import pytest
from huggingface_hub import constants, errors

from harness.errors import AccessError, HarnessError, ModelError, UsageError
from harness.models import granite_nar, hub
from harness.models.base import LoadOptions
from harness.models.registry import embedded_models, load_model, revision_now

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's library."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _answer(monkeypatch: pytest.MonkeyPatch, answer: Exception | Callable[..., Any]) -> None:
    def model_info(*args: Any, **kwargs: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer(*args, **kwargs)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)


def _blank(kind: type[Exception]) -> Exception:
    return kind.__new__(kind)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (ConnectionError("name or service\nnot known"), AccessError, "the hub cannot be reached for org/name (name or"),
        (_blank(errors.GatedRepoError), AccessError, "accept its terms at https://huggingface.co/org/name, sign in"),
        (_blank(errors.RepositoryNotFoundError), AccessError, "the hub has no model org/name, or it is private"),
        (_blank(errors.RevisionNotFoundError), UsageError, "org/name has no revision 'v9' on the hub"),
        (_blank(errors.OfflineModeIsEnabled), AccessError, "HF_HUB_OFFLINE forbids to fetch it"),
        (_blank(errors.HfHubHTTPError), AccessError, "the hub refused org/name"),
    ],
)
def test_what_the_hub_says_is_one_line(
    cache: Path, monkeypatch: pytest.MonkeyPatch, answer: Exception, kind: type[HarnessError], said: str
) -> None:
    _answer(monkeypatch, answer)
    with pytest.raises(kind) as failure:
        load_model("org/name", LoadOptions(revision="v9"))
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)
    assert type(failure.value) is kind
    assert not cache.exists()


@pytest.mark.usefixtures("cache")
def test_a_hub_that_does_not_answer_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PROBE_SECONDS", 0.2)
    late = threading.Event()
    came: list[bool] = []
    _answer(monkeypatch, lambda *_args, **_kwargs: came.append(late.wait(30)))
    with pytest.raises(AccessError, match="no answer within"):
        hub.read_config("org/name")
    assert not came  # nobody waited for the answer
    late.set()


@pytest.mark.usefixtures("cache")
def test_offline_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(AccessError, match="org/name is not in the local cache, and HF_HUB_OFFLINE forbids"):
        hub.fetch("org/name")


def _put_into_cache(cache: Path, folder: Path) -> Path:
    store = cache / "models--org--name"
    (store / "refs").mkdir(parents=True)
    (store / "refs" / "main").write_text(COMMIT)
    shutil.copytree(folder, store / "snapshots" / COMMIT)
    return store / "snapshots" / COMMIT


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_what_is_in_the_cache_needs_no_hub(
    cache: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Callable[[str], Path], revision: str | None
) -> None:
    asked: list[object] = []

    def unreachable(*args: Any, **_kwargs: Any) -> Any:
        asked.append(args)
        raise ConnectionError("no network")

    _answer(monkeypatch, unreachable)
    _put_into_cache(cache, checkpoint("hubert"))
    model = load_model("org/name", LoadOptions(revision=revision))
    assert model.card.id == "org/name"
    assert model.card.revision == COMMIT
    assert bool(asked) == (revision != COMMIT)


def test_half_a_copy_in_the_cache_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Callable[[str], Path]
) -> None:
    _answer(monkeypatch, ConnectionError("no network"))
    (_put_into_cache(cache, checkpoint("hubert")) / "model.safetensors").unlink()
    with pytest.raises(AccessError, match="the hub cannot be reached"):
        load_model("org/name", LoadOptions(revision=COMMIT))


def test_only_pickles_on_the_hub_are_refused_before_anything_is_fetched(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sibling:
        def __init__(self, rfilename: str) -> None:
            self.rfilename = rfilename

    class Info:
        sha = COMMIT
        siblings = (Sibling("config.json"), Sibling("pytorch_model.bin"))

    _answer(monkeypatch, lambda *_args, **_kwargs: Info())
    with pytest.raises(ModelError, match=r"org/name has its weights as pytorch_model\.bin only, a pickle"):
        hub.fetch("org/name")
    assert not cache.exists()


def test_only_pickles_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    with pytest.raises(ModelError, match=r"has no weights: there is no \.safetensors file"):
        load_model(str(tmp_path), LoadOptions())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04cposix\nsystem\n")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin only, a pickle that can run code"):
        load_model(str(tmp_path), LoadOptions())


def test_a_folder_is_known_by_its_contents(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"one")
    first = hub.fetch(str(tmp_path)).revision
    (tmp_path / "notes.md").write_text("not a part of the model")
    assert hub.fetch(str(tmp_path)).revision == first
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert hub.fetch(str(tmp_path)).revision != first
    assert first.startswith("sha256:")


def test_the_revision_now_is_told_from_the_cache_and_only_where_it_is_certain(cache: Path) -> None:
    other = "b" * 40
    assert hub.revision_now("org/name", None, other) is None  # nothing is here: the hub alone could say
    store = cache / "models--org--name"
    for commit in (COMMIT, other):
        (store / "snapshots" / commit).mkdir(parents=True)
    (store / "refs").mkdir()
    (store / "refs" / "main").write_text(COMMIT)
    assert hub.revision_now("org/name", None, other) == other  # it can be had still
    assert hub.revision_now("org/name", "c" * 40, other) == "c" * 40
    (store / "snapshots" / other).rmdir()
    assert hub.revision_now("org/name", None, other) == COMMIT
    assert hub.revision_now("org/name", "v1", other) is None
    (store / "snapshots" / COMMIT).rmdir()
    assert hub.revision_now("org/name", None, other) is None


def test_the_revision_now_is_what_loading_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said.jsonl"
    said.write_text('{"id": "a", "pred_text": "b"}\n')
    names = [f"transcripts:{said}", f"transcripts:{tmp_path}", "tiny-nar", *embedded_models()]
    for name in names:
        assert revision_now(name, None, "x") == load_model(name, LoadOptions()).card.revision
    said.unlink()
    assert revision_now(names[0], None, "x") is None
    pinned = granite_nar.MODEL_ID
    assert [revision_now(pinned, asked, "x") for asked in (None, COMMIT, "main")] == [
        granite_nar.REVISION,
        COMMIT,
        None,
    ]
    (tmp_path / pinned).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert (revision_now(pinned, None, "x") or "").startswith("sha256:")  # a folder of that name is what is loaded
