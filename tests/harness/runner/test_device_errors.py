"""What a GPU says when it lacks memory, and when it is lost; stand-ins raise it, word for word."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import DeviceLostError, ModelError
from harness.records.journal import read_line
from harness.runner.plan import Budget
from harness.runner.ray_worker import Hung, Piece, Worker, Written
from harness.runner.stages import OutOfMemory, caught
from tests.harness.runner.test_loop import Echo, loop, utterances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dataset import Utterance
    from harness.models.base import Model
    from harness.runner.journal import JournalFile
    from harness.types import Clip

LACKS = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB",
    "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuFFT error: CUFFT_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDA error: CUSOLVER_STATUS_ALLOC_FAILED",
    "NCCL error: unhandled cuda error: Cuda failure 2 'out of memory'",
    "HIP out of memory. Tried to allocate 20.00 MiB",
    "MPS backend out of memory (MPS allocated: 8.00 GB, other allocations: 1.00 GB, max allowed: 9.07 GB)",
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "144000000000000 bytes. Error code 12 (Cannot allocate memory)",
)

LOST = (
    "CUDA error: an illegal memory access was encountered\nCompile with `TORCH_USE_CUDA_DSA`",
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported",
    "CUDA error: unspecified launch failure",
    "CUDA error: misaligned address",
    "CUDA error: an illegal instruction was encountered",
    "CUDA error: uncorrectable ECC error encountered",
    "CUDA error: uncorrectable NVLink error detected during the execution",
    "CUDA error: the launch timed out and was terminated",
    "CUDA error: hardware stack error",
    "CUDA error: no kernel image is available for execution on the device",
    "CUDA error: all CUDA-capable devices are busy or unavailable",
    "HIP error: an illegal memory access was encountered",
)

NEITHER = (
    "CUDA error: invalid argument",
    "CUDA error: invalid configuration argument",
    "mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)",
    "an illegal memory access was described in this transcript",
    "expected a non-empty list of Tensors",
)


@pytest.mark.parametrize("said", LACKS)
def test_a_lack_of_memory_is_one_whoever_says_it(said: str) -> None:
    assert isinstance(caught(RuntimeError(said)), OutOfMemory)


@pytest.mark.parametrize("said", LOST)
def test_a_lost_gpu_is_told_from_a_bad_clip(said: str) -> None:
    found = caught(RuntimeError(said))
    assert isinstance(found, DeviceLostError)
    assert found.ends_run
    assert f"({said.splitlines()[0]})" in str(found)


@pytest.mark.parametrize("said", NEITHER)
def test_other_errors_stay_what_they_are(said: str) -> None:
    error = RuntimeError(said)
    assert caught(error) is error


def test_an_error_of_ours_that_quotes_one_is_ours() -> None:
    error = ModelError("u1: the server said: CUDA error: device-side assert triggered")
    assert caught(error) is error


class Sticky(Echo):
    """From the batch with `bad` on every call that touches the device fails, as a broken context has it."""

    def __init__(self, bad: str, stage: str) -> None:
        super().__init__()
        self.bad, self.stage, self.broken = bad, stage, False

    def use(self, stage: str, clips: list[str]) -> list[str]:
        self.broken |= stage == self.stage and self.bad in clips
        if self.broken:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return clips

    def transfer(self, features: list[str]) -> list[str]:
        return self.use("transfer", features)

    def infer(self, features: list[str]) -> list[str]:
        return super().infer(self.use("infer", features))


@pytest.mark.parametrize("stage", ["transfer", "infer"])
def test_a_lost_gpu_ends_the_run_and_blames_no_clip(journal: JournalFile, stage: str) -> None:
    """Of 400 clips none is journalled as failed, and the same command does the rest."""
    model = Sticky("u200", stage)
    lengths = [1.0] * 400
    with pytest.raises(DeviceLostError, match="the same command goes on after it"):
        loop(model, journal, budget=Budget(clips=8)).run(utterances(lengths))
    assert not any(line.error for line in journal.lines)
    done = {line.id for line in journal.lines}
    assert done <= {f"u{number}" for number in range(200)}
    assert len(done) >= 200 - 8 * (3 if stage == "transfer" else 1), "prepared batches are not begun; others are kept"
    again = Echo()
    loop(again, journal, budget=Budget(clips=8)).run(utterances(lengths))
    assert sorted(line.id for line in journal.lines) == sorted(f"u{number}" for number in range(400))
    assert not any(line.error for line in journal.lines)


def worker(model: Model) -> Worker:
    found = Worker(lambda: model, folder=".", workers=1, gpus=0.0, batch_timeout=None)
    found.load()
    return found


NUMBERS = count()


def piece(own: list[Utterance], *, clips: int, benchmark: str) -> Piece:
    seconds = [1.0] * len(own)
    budget = Budget(clips=clips)
    return Piece(
        number=next(NUMBERS),
        utterances=b"".join(map(pickle.dumps, own)),
        seconds=seconds,
        budget=budget,
        benchmark=benchmark,
        mark=Path(),
    )


def answers(of: Worker, count: int) -> list[Written | Hung]:
    found: list[Written | Hung] = []
    while len(found) < count:
        answer = of.written()
        assert isinstance(answer, list)
        found += answer
    return found


def test_a_worker_whose_gpu_is_lost_asks_to_be_replaced() -> None:
    at = worker(Sticky("u0", "infer"))
    at.add([piece(utterances([1.0]), clips=1, benchmark="b")])
    (hung,) = answers(at, 1)
    assert isinstance(hung, Hung)
    assert "an illegal memory access" in hung.reason


def test_a_lack_of_memory_does_not_outlast_its_benchmark() -> None:
    class Small(Echo):
        most = 2

        def infer(self, features: list[str]) -> list[str]:
            if len(features) > self.most:
                raise RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED")
            return super().infer(features)

    model = Small()
    at = worker(model)
    four = utterances([1.0] * 4)
    at.add([piece(four, clips=4, benchmark="one")])
    assert [one.lines.count(b"\n") for one in answers(at, 2) if isinstance(one, Written)] == [2, 2]
    at.add([piece(four, clips=4, benchmark="one")])
    assert [one.lines.count(b"\n") for one in answers(at, 2) if isinstance(one, Written)] == [2, 2]
    model.most = 4
    at.add([piece(four, clips=4, benchmark="two")])
    assert [one.lines.count(b"\n") for one in answers(at, 1) if isinstance(one, Written)] == [4]


def test_what_comes_twice_to_a_worker_is_run_once() -> None:
    """As where nobody knows whether a lost worker had handed it on."""
    at, own = worker(Echo()), utterances([1.0] * 3)
    first, second = (piece(part, clips=2, benchmark="b") for part in (own[:2], own[2:]))
    at.add([first, first, second, first])
    found = [
        line.id for one in answers(at, 2) if isinstance(one, Written) for line in map(read_line, one.lines.splitlines())
    ]
    assert found == ["u0", "u1", "u2"]
    other = replace(first, mark=Path("another run"))
    at.add([other])
    (again,) = answers(at, 1)
    assert isinstance(again, Written)
    assert again.lines.count(b"\n") == 2
    assert at._done.empty()


class Fast(Echo):
    """On an accelerator, as it says."""

    accelerated = True

    def __init__(self, trouble: str = "") -> None:
        super().__init__()
        self.trouble = trouble

    def features(self, clips: Sequence[Clip]) -> list[str]:
        if self.trouble and not self.batches:
            self.batches.append([])
            raise RuntimeError(self.trouble)
        return super().features(clips)


def test_an_accelerator_is_warmed_with_the_largest_and_the_smallest_batch(journal: JournalFile) -> None:
    model = Fast()
    work = loop(model, journal)
    work.run(utterances([1.0, 5.0, 4.0, 3.0, 2.0]))
    assert model.batches == [["u1", "u2"], ["u0"], ["u1", "u2"], ["u3", "u4"], ["u0"]]
    assert work.state.clock.batches == 3
    assert work.state.clock.audio_seconds == 15.0


def test_what_goes_wrong_in_a_warm_up_shows_in_the_run(journal: JournalFile) -> None:
    model = Fast("CUDA out of memory")
    loop(model, journal).run(utterances([3.0, 2.0, 1.0]))
    assert not any(line.error for line in journal.lines)
    assert len(journal.lines) == 3
    with pytest.raises(DeviceLostError):
        loop(Fast(LOST[0]), journal).run(utterances([3.0, 2.0, 1.0, 4.0]))
