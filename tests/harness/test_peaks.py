"""Peaks of GPUs by the names that torch gives them."""

import pytest

from harness.peaks import PEAKS, peak_of


@pytest.mark.parametrize(
    ("name", "dtype", "tflops"),
    [
        ("NVIDIA H100 80GB HBM3", "bfloat16", 989.5),
        ("NVIDIA H100 PCIe", "bfloat16", 756.5),
        ("NVIDIA H200", "bfloat16", 989.5),
        ("NVIDIA H200 NVL", "bfloat16", 835.5),
        ("NVIDIA A100-SXM4-80GB", "bfloat16", 312.0),
        ("NVIDIA A100-PCIE-40GB", "float32", 19.5),
        ("NVIDIA L4", "bfloat16", 121.0),
        ("NVIDIA L40S", "bfloat16", 362.0),
        ("NVIDIA GeForce RTX 4090", "float32", 82.6),
        ("NVIDIA A10", "bfloat16", 125.0),
        ("Tesla T4", "float32", 8.1),
    ],
)
def test_a_known_gpu(name: str, dtype: str, tflops: float) -> None:
    found = peak_of(name, dtype)
    assert found is not None
    assert found[0] == tflops
    assert found[1].endswith(f"dense {dtype}")


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "NVIDIA A10G",
        "NVIDIA GeForce RTX 4090 D",
        "NVIDIA L4 Laptop GPU",
        "Apple GPU (mps)",
        "AMD Instinct MI300X",
    ],
)
def test_what_is_not_in_the_table_is_not_guessed(name: str | None) -> None:
    assert peak_of(name, "bfloat16") is None
    assert peak_of("Tesla T4", "bfloat16") is None


def test_no_entry_hides_another() -> None:
    for place, one in enumerate(PEAKS):
        words = set(one.name.split())
        assert not any(words > set(before.name.split()) for before in PEAKS[:place]), one.name
