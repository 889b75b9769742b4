"""Made-up run.json files for tests that look at a few of their facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.records.run import BenchmarkRecord, Environment, Hardware, ModelRecord, RunRecord


def run_record(benchmarks: Mapping[str, BenchmarkRecord] | None = None, **facts: Any) -> RunRecord:
    """What is known of a run of the model `m`."""
    return RunRecord(model=ModelRecord(id="m"), benchmarks={**(benchmarks or {})}, **facts)


def machine(cpu: str, cores: int = 2) -> Environment:
    """That a run was made on a processor."""
    return Environment(hardware=Hardware(cpu=cpu, cores=cores))
