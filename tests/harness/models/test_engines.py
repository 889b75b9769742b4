"""Other engines: what each is asked for, by a stand-in of its module, and those that are installed at work."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from harness.cli import main
from harness.errors import ModelError, UsageError
from harness.models import _engine, transcribe_cpp
from harness.models.base import LoadOptions, Model
from harness.models.registry import adapters, devices_of, load_model, revision_now
from harness.types import Clip, Hypothesis, Word

Calls = list[tuple[Any, ...]]


def module(monkeypatch: pytest.MonkeyPatch, name: str, **names: object) -> None:
    made = ModuleType(name)
    made.__spec__ = importlib.util.spec_from_loader(name, loader=None)
    vars(made).update(names)
    monkeypatch.setitem(sys.modules, name, made)


def spelled(waveform: Any) -> str:
    """What the stand-ins hear: how long a clip is, and how loud."""
    assert waveform.dtype == np.float32
    assert np.isfinite(waveform).all()
    return f"{len(waveform)} {waveform[0]:.1f}"


def fake_whisper_cpp(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    class Engine:
        def __init__(self, path: str, **params: Any) -> None:
            calls.append(("load", Path(path).name, params["temperature"], params["temperature_inc"]))
            calls.append((params["no_context"], params["params_sampling_strategy"], params["context_params"]))

        def available_languages(self) -> list[str]:
            return ["en", "de"]

        def transcribe(self, waveform: Any, language: str) -> list[SimpleNamespace]:
            calls.append((language,))
            return [SimpleNamespace(text=f" {spelled(waveform)},"), SimpleNamespace(text=" yes. ")]

    module(monkeypatch, "pywhispercpp")
    module(monkeypatch, "pywhispercpp.model", Model=Engine)
    (folder / "ggml-x.bin").write_bytes(b"lmgg weights")
    return f"whisper.cpp:{folder}/ggml-x.bin"


def fake_transcribe_cpp(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    class Engine:
        arch, variant = "parakeet", "tdt"
        capabilities = SimpleNamespace(languages=("en", "de"), max_audio_ms=40_000, max_timestamp_kind="word")

        def __init__(self, path: Path, backend: str) -> None:
            calls.append(("load", path.name, backend))

        def supports(self, feature: str) -> bool:
            return feature != "vocabulary"

        def session(self) -> Any:
            return self

        def run(self, waveform: Any, **params: Any) -> SimpleNamespace:
            calls.append((params.pop("language"),))
            assert params == {"timestamps": "none", "vocabulary": None}
            return SimpleNamespace(text=f" {spelled(waveform)}, yes. ", words=())

    module(monkeypatch, "transcribe_cpp", Model=Engine)
    (folder / "x.gguf").write_bytes(b"GGUF weights")
    return f"transcribe.cpp:{folder}/x.gguf"


def fake_onnx_asr(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    class Engine:
        def recognize(self, waveform: Any, sample_rate: int, language: str) -> str:
            calls.append((language,))
            assert sample_rate == 16_000
            return f"{spelled(waveform)}, yes."

    def load_model(kind: str, path: Path, **more: Any) -> Engine:
        calls.append(("load", kind, path.name, more["quantization"], *more["providers"]))
        return Engine()

    module(monkeypatch, "onnx_asr", load_model=load_model)
    module(monkeypatch, "onnxruntime")
    (folder / "config.json").write_text('{"model_type": "whisper"}')
    return f"onnx-asr:{folder}"


def fake_sherpa_onnx(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    class Recognizer:
        def __init__(self, language: str) -> None:
            self.language = language

        @classmethod
        def from_whisper(cls, **params: Any) -> Recognizer:
            files = [Path(params[part]).name for part in ("encoder", "decoder", "tokens")]
            calls.append(("load", *files, params["provider"], params["language"]))
            return cls(params["language"])

        def create_stream(self) -> Any:
            stream = SimpleNamespace(result=SimpleNamespace(text=""))
            stream.accept_waveform = lambda rate, waveform: setattr(stream, "heard", (rate, waveform))
            return stream

        def decode_stream(self, stream: Any) -> None:
            calls.append((self.language,))
            assert stream.heard[0] == 16_000
            stream.result.text = f" {spelled(stream.heard[1])}, yes."

    module(monkeypatch, "sherpa_onnx", OfflineRecognizer=Recognizer)
    for name in ("x-encoder.int8.onnx", "x-encoder.onnx", "x-decoder.onnx", "x-tokens.txt"):
        (folder / name).write_text(name)
    return f"sherpa-onnx:{folder}"


def fake_mlx(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    def transcribe(waveform: Any, **params: Any) -> dict[str, Any]:
        calls.append((params.pop("language"),))
        assert Path(params.pop("path_or_hf_repo")) == folder
        assert params.pop("temperature") == 0.0
        assert params == {
            "condition_on_previous_text": False,
            "word_timestamps": False,
            "fp16": False,
            "verbose": None,
        }
        return {"text": f" {spelled(waveform)}, yes.", "segments": [{}]}

    module(monkeypatch, "mlx_whisper", transcribe=transcribe)
    (folder / "config.json").write_text("{}")
    return f"mlx:{folder}"


def fake_nemo(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: Calls) -> str:
    class EncDecMultiTaskModel(torch.nn.Module):
        def transcribe(self, audio: list[Any], **params: Any) -> list[SimpleNamespace]:
            calls.append((params["source_lang"],))
            assert params == {
                "batch_size": 1,
                "verbose": False,
                "source_lang": params["source_lang"],
                "target_lang": params["source_lang"],
                "task": "asr",
                "pnc": "yes",
            }
            assert not self.training
            return [SimpleNamespace(text=f"{spelled(*audio)}, yes.")]

    class ASRModel:
        @staticmethod
        def restore_from(path: str, map_location: torch.device) -> torch.nn.Module:
            calls.append(("load", Path(path).name, str(map_location)))
            return EncDecMultiTaskModel()

    module(monkeypatch, "nemo")
    module(monkeypatch, "nemo.collections")
    module(monkeypatch, "nemo.collections.asr")
    module(monkeypatch, "nemo.collections.asr.models", ASRModel=ASRModel)
    (folder / "x.nemo").write_bytes(b"tar")
    return f"nemo:{folder}/x.nemo"


ENGINES: dict[str, tuple[Callable[[pytest.MonkeyPatch, Path, Calls], str], Calls]] = {
    "whisper.cpp": (fake_whisper_cpp, [("load", "ggml-x.bin", 0.0, 0.0), (True, 0, {"use_gpu": False})]),
    "transcribe.cpp": (fake_transcribe_cpp, [("load", "x.gguf", "cpu")]),
    "onnx-asr": (fake_onnx_asr, [("load", "whisper", "model", None, "CPUExecutionProvider")]),
    "sherpa-onnx": (
        fake_sherpa_onnx,
        [("load", "x-encoder.onnx", "x-decoder.onnx", "x-tokens.txt", "cpu", language) for language in ("en", "de")],
    ),
    "mlx": (fake_mlx, []),
    "nemo": (fake_nemo, [("load", "x.nemo", "cpu")]),
}
"""A stand-in for each, and what is to be loaded."""


def texts(model: Model, clips: list[Clip]) -> list[str]:
    return [one.text for one in model.text(model.infer(model.transfer(model.features(clips))))]


def clip(name: str, samples: int, level: float, language: str = "en") -> Clip:
    return Clip(id=name, language=language, waveform=np.full(samples, level, np.float32))


@pytest.mark.parametrize("engine", list(ENGINES))
def test_what_an_engine_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    fake, loads = ENGINES[engine]
    calls: Calls = []
    folder = tmp_path / "model"
    folder.mkdir()
    name = fake(monkeypatch, folder, calls)
    model = load_model(name, LoadOptions(device="cpu"))
    clips = [clip("a", 5000, 0.1), clip("b", 0, 0.2), clip("c", 4000, 0.3, "de"), clip("d", 3, 0.4)]
    expected = ["5000 0.1, yes.", "", "4000 0.3, yes.", "3200 0.4, yes."]
    assert texts(model, clips) == expected
    assert texts(model, clips[::-1]) == expected[::-1]
    assert [each for one in clips for each in texts(model, [one])] == expected
    broken = clip("e", 4000, 0.5)
    broken.waveform[9] = np.nan
    assert texts(model, [broken]) == ["4000 0.5, yes."]
    asked = [call[0] for call in calls if len(call) == 1]
    assert asked[:6] == ["en", "de", "en", "en", "de", "en"]
    assert [call for call in calls if len(call) > 1] == loads
    assert (model.card.id, model.card.batch_invariant, model.card.max_batch) == (name, True, 1)
    assert model.card.revision == revision_now(name, None, "x")
    assert "cpu" in devices_of(name)


@pytest.mark.parametrize("engine", [*ENGINES, "openai"])
def test_a_name_is_of_one_engine_and_says_what_to_install(engine: str) -> None:
    accepting = [one.name for one in adapters().values() if one.accepts(f"{engine}:x/y") and one.name != "custom"]
    assert accepting == [engine]


@pytest.mark.parametrize("engine", list(ENGINES))
def test_nothing_behind_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    ENGINES[engine][0](monkeypatch, tmp_path, [])
    with pytest.raises(UsageError, match=f"which model\\? write --model {engine}:"):
        load_model(f"{engine}:", LoadOptions())


@pytest.mark.parametrize("engine", ["whisper.cpp", "transcribe.cpp"])
def test_a_file_of_another_kind_never_reaches_the_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str
) -> None:
    calls: Calls = []
    name = ENGINES[engine][0](monkeypatch, tmp_path, calls)
    Path(name.partition(":")[2]).write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="it begins with b'PK"):
        load_model(name, LoadOptions())
    with pytest.raises(UsageError, match="no file or folder"):
        load_model(f"{engine}:{tmp_path}/none", LoadOptions())
    assert calls == []


@pytest.mark.parametrize("engine", ["whisper.cpp", "transcribe.cpp"])
def test_a_language_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    model = load_model(ENGINES[engine][0](monkeypatch, tmp_path, []), LoadOptions())
    with pytest.raises(ModelError, match="does not know the language 'xx'"):
        texts(model, [clip("a", 5000, 0.1, "xx")])


def test_words_and_vocabulary_of_transcribe_cpp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = fake_transcribe_cpp(monkeypatch, tmp_path, [])
    with pytest.raises(UsageError, match="takes no vocabulary"):
        load_model(name, LoadOptions(keywords=("Zipf",)))
    engine: Any = sys.modules["transcribe_cpp"].Model
    words = (SimpleNamespace(text=" a", t0_ms=0, t1_ms=120), SimpleNamespace(text=" b", t0_ms=120, t1_ms=300))
    monkeypatch.setattr(engine, "supports", lambda _self, _feature: True)
    monkeypatch.setattr(engine, "run", lambda _self, _sound, **more: SimpleNamespace(text=str(more), words=words))
    model = load_model(name, LoadOptions(keywords=("Zipf",), model_option=("timestamps=word",)))
    assert model.card.max_seconds == 40.0
    assert model.card.languages == ("en", "de")
    (found,) = model.text(model.infer(model.features([clip("a", 5000, 0.1)])))
    assert found.words == (Word("a", 0.0, 0.12), Word("b", 0.12, 0.3))
    assert found.text == "{'language': 'en', 'timestamps': 'word', 'vocabulary': ('Zipf',)}"
    monkeypatch.setattr(engine.capabilities, "max_timestamp_kind", "segment")
    with pytest.raises(UsageError, match=r"timestamps=word: .* has none"):
        load_model(name, LoadOptions(model_option=("timestamps=word",)))
    assert transcribe_cpp.BACKENDS["mps"] == "metal"


def test_words_of_mlx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = fake_mlx(monkeypatch, tmp_path, [])
    word = {"word": " a", "start": np.float64(0.1), "end": np.float64(0.2)}
    answer = {"text": " a", "segments": [{"words": [word]}, {}]}
    monkeypatch.setattr(sys.modules["mlx_whisper"], "transcribe", lambda *_args, **_more: answer)
    model = load_model(name, LoadOptions(model_option=("timestamps=word",)))
    assert model.text(model.infer(model.features([clip("a", 5000, 0.1)]))) == [
        Hypothesis(text="a", words=(Word("a", 0.1, 0.2),))
    ]


def test_what_a_folder_is_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = fake_sherpa_onnx(monkeypatch, tmp_path, [])
    (tmp_path / "x-decoder.onnx").unlink()
    with pytest.raises(UsageError, match="may be of several kinds; say --model-option kind=, one of transducer"):
        load_model(name, LoadOptions())
    with pytest.raises(ModelError, match=r"has no \*decoder\*\.onnx, as whisper needs"):
        load_model(name, LoadOptions(model_option=("kind=whisper",)))
    fake_onnx_asr(monkeypatch, tmp_path, [])
    (tmp_path / "config.json").unlink()
    with pytest.raises(UsageError, match="does not say of what kind it is; --model-option kind="):
        load_model(f"onnx-asr:{tmp_path}", LoadOptions())


@pytest.mark.parametrize("engine", ["mlx", "onnx-asr"])
def test_a_path_that_is_no_folder_is_not_asked_of_a_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str
) -> None:
    ENGINES[engine][0](monkeypatch, tmp_path, [])
    for path in (f"{tmp_path}/none", "./none", "~/none", "a/b/c"):
        with pytest.raises(UsageError, match=f"no folder '{path}'; write --model {engine}:FOLDER or "):
            load_model(f"{engine}:{path}", LoadOptions())


def test_the_revision_is_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "x").write_text("1")
    before = _engine.revision_of(tmp_path)
    assert _engine.revision_of(tmp_path / "inner" / "x") != before
    (tmp_path / "inner" / "x").write_text("2")
    assert _engine.revision_of(tmp_path) != before
    (tmp_path / "inner" / "x").write_text("1")
    assert _engine.revision_of(tmp_path) == before
    (tmp_path / "inner" / "x").rename(tmp_path / "inner" / "y")
    assert _engine.revision_of(tmp_path) != before


def onnx_model(folder: Path) -> None:
    """A NeMo CTC model of one convolution with random weights, as both engines read it."""
    onnx = pytest.importorskip("onnx")
    make, vocabulary = onnx.helper, ["<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz", "<blk>"]
    size, kind = len(vocabulary), onnx.TensorProto
    weights = np.random.default_rng(0).normal(0, 0.3, (size, 80, 4)).astype(np.float32)
    nodes = [
        make.make_node("Conv", ["audio_signal", "w"], ["c"], strides=[4], auto_pad="SAME_UPPER", kernel_shape=[4]),
        make.make_node("Transpose", ["c"], ["t"], perm=[0, 2, 1]),
        make.make_node("LogSoftmax", ["t"], ["logprobs"], axis=-1),
    ]
    takes = [
        make.make_tensor_value_info("audio_signal", kind.FLOAT, ["b", 80, "t"]),
        make.make_tensor_value_info("length", kind.INT64, ["b"]),
    ]
    gives = [make.make_tensor_value_info("logprobs", kind.FLOAT, ["b", "f", size])]
    graph = make.make_graph(nodes, "tiny", takes, gives, [onnx.numpy_helper.from_array(weights, "w")])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)])
    model.ir_version = 8
    facts = {"vocab_size": str(size), "subsampling_factor": "4", "normalize_type": "per_feature"}
    make.set_model_props(model, {**facts, "model_type": "EncDecCTCModel"})
    onnx.save(model, folder / "model.onnx")
    for name in ("vocab.txt", "tokens.txt"):
        (folder / name).write_text("".join(f"{piece} {at}\n" for at, piece in enumerate(vocabulary)), encoding="utf-8")
    config = {"model_type": "nemo-conformer-ctc", "features_size": 80, "subsampling_factor": 4}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(("engine", "package"), [("onnx-asr", "onnx_asr"), ("sherpa-onnx", "sherpa_onnx")])
def test_a_tiny_model_passes_the_kit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], engine: str, package: str
) -> None:
    pytest.importorskip(package)
    onnx_model(tmp_path)
    kind = ["--model-option", "kind=nemo_ctc"] * (engine == "sherpa-onnx")
    assert main(["check-model", f"{engine}:{tmp_path}", "--clips", "5", "--json", *kind]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["conforms"] is True
    assert found["clips"] == 5


def test_the_stand_ins_take_what_the_packages_take() -> None:
    """Names of arguments, of those that are installed."""
    package = pytest.importorskip("transcribe_cpp")
    run = inspect.signature(package.Session.run).parameters
    assert {"pcm", "language", "timestamps", "vocabulary"} <= set(run)
    assert {"path", "backend"} <= set(inspect.signature(package.Model.__init__).parameters)
    assert {"languages", "max_audio_ms", "max_timestamp_kind"} <= set(inspect.get_annotations(package.Capabilities))
    assert {"text", "t0_ms", "t1_ms"} <= set(inspect.get_annotations(package.Word))
    engine = pytest.importorskip("pywhispercpp.model").Model
    assert {"params_sampling_strategy", "redirect_whispercpp_logs_to", "context_params"} <= set(
        inspect.signature(engine.__init__).parameters
    )
    assert {"n_threads", "temperature", "temperature_inc", "no_context", "print_progress", "print_timestamps"} <= set(
        engine.get_params_schema()
    )
