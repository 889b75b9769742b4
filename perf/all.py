"""All benchmarks that need no GPU, in about ten minutes, compared with perf/baseline.json by ratios.

    python perf/all.py                        # exit status 1 where a figure is worse than it was, or misses its bar
    python perf/all.py --only host,runner     # some of them
    python perf/all.py --update --write-docs  # a new baseline, and the table of docs/speed.md

Each runs in a process of its own, with short settings and a limit of time, and prints one JSON line last. What is
compared has no seconds in it: ratios within one run, counts, exponents. So a baseline of one machine says something of
another, as far as their processors' strengths are alike; each figure has a tolerance for what is left.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
PAGE = HERE.parent / "docs" / "speed.md"
BEGIN, END = "<!-- begin: python perf/all.py --write-docs -->\n", "<!-- end -->\n"
DATA = Path(os.environ.get("ASR_TEST_DATA", HERE.parents[1] / "shared"))
"""As for tests: real data that is not part of the project."""

Verdict = Literal["same", "BETTER", "WORSE", "new", "LOST"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a benchmark that is compared."""

    what: str
    """In words, for the table."""
    path: str
    """Where it is in the JSON line: keys and places, with dots between; ``name=value`` is the one in a list that has
    it."""
    over: str = ""
    """Where that is by which it is divided."""
    better: Literal["less", "more"] = "less"
    tolerance: float = 0.25
    """The share of the baseline by which it may be worse, or is not called better."""
    bar: float | None = None
    """The most, or the least, that it is to be, whatever it was before."""

    def of(self, found: Any) -> float:
        """The number.

        Raises:
            LookupError, TypeError, ValueError: it is not there, or no number.
        """
        return _at(found, self.path) / (_at(found, self.over) if self.over else 1.0)

    def missed(self, now: float | None) -> bool:
        """Whether it does not keep its bar."""
        if self.bar is None or now is None:
            return False
        return now > self.bar if self.better == "less" else now < self.bar

    def judged(self, now: float, before: float) -> Verdict:
        """How it stands to the baseline."""
        change = (now - before) / abs(before) if before else (now > 0) - (now < 0)
        worse = change if self.better == "less" else -change
        return "WORSE" if worse > self.tolerance else "BETTER" if worse < -self.tolerance else "same"


def _at(found: Any, path: str) -> float:
    for key in path.split("."):
        name, equals, value = key.partition("=")
        if equals:
            found = next((one for one in found if str(one[name]) == value), None)
        else:
            found = found[int(key)] if isinstance(found, list) else found[key]
    if not isinstance(found, int | float):
        raise TypeError(f"{path} is no number")
    return float(found)  # 1 is true


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A script beside this one."""

    name: str
    """Without its ``.py``."""
    figures: tuple[Figure, ...]
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Modules that must be importable, or folders of DATA, which have a slash at their end."""
    limit: float = 300.0
    """Seconds that it may take."""
    strict: bool = True
    """Whether its own exit status counts; not where it says of bars that short settings say nothing of."""
    label: str = ""
    """Its name here, where a script is run in several ways."""

    @property
    def key(self) -> str:
        """What `--only` and the baseline call it."""
        return self.label or self.name

    def missing(self) -> str:
        """What it needs and is not here; empty: nothing."""
        if not (HERE / f"{self.name}.py").exists():
            return f"perf/{self.name}.py"
        for each in self.needs:
            there = (DATA / each).is_dir() if each.endswith("/") else importlib.util.find_spec(each) is not None
            if not there:
                return str(DATA / each) if each.endswith("/") else each
        return ""


def _host(form: str) -> tuple[Figure, ...]:
    """Of one form of audio, one thread."""
    at, bare = f"forms.{form}.threads.0", f"forms.{form}.threads.0.bare"
    both = f"forms.{form}.threads.1.times_real_time_wall"
    return (
        Figure(what=f"{form}: the runner's decoding and resampling / bare decoder", path=f"{at}.hear", over=bare),
        Figure(
            what=f"{form}: cost of a clip however short / bare decoder",
            path=f"{at}.constant",
            over=bare,
            tolerance=0.5,
        ),
        Figure(
            what=f"{form}: speed of a whole run with two threads / with one, by the clock",
            path=both,
            over=f"{at}.times_real_time_wall",
            better="more",
        ),
    )


SCALED, _SPGI = ("64", "128", "1024"), "corpora.corpus=spgispeech.rows"
DATA_SOURCES = ("tree", "tar", "parquet", "manifest")

BENCHMARKS = (
    Benchmark(
        name="host",
        arguments=("--clips", "200", "--rounds", "3", "--forms", "flac", "wav", "mp3"),
        figures=(
            *_host("flac"),
            *_host("wav"),
            *_host("mp3"),
            Figure(
                what="flac: the runner's own cost / bare decoder",
                path="forms.flac.threads.0.alone",
                over="forms.flac.threads.0.bare",
                tolerance=1.0,
            ),
            Figure(
                what="flac: the runner's own cost, milliseconds of a core",
                path="forms.flac.threads.0.own",
                tolerance=1.0,
                bar=0.1,
            ),
            *(
                Figure(
                    what=f"{form}: times real time a core",
                    path=f"forms.{form}.threads.0.times_real_time_a_core",
                    better="more",
                    tolerance=0.5,
                    bar=1310.0,
                )
                for form in ("flac", "mp3")
            ),
        ),
    ),
    Benchmark(
        name="runner",
        arguments=("--clips", "1000", "--milliseconds", "5", "--pairs", "3", "--memory", "2000", "10000"),
        figures=(
            Figure(what="wall clock of a run / time of the device", path="wall_over_model", tolerance=0.03, bar=1.03),
            Figure(what="padding of batches of 600 s", path="padding_600_seconds", tolerance=0.01, bar=0.04),
            Figure(
                what="host beyond decoding / decoding",
                path="host_ms_per_utterance_beyond_decoding",
                over="decode_ms_per_utterance",
                tolerance=1.0,
            ),
        ),
    ),
    Benchmark(
        name="plain_loop",
        arguments=("--model", "tiny-nar", "--clips", "100", "--pairs", "11"),
        figures=(
            Figure(
                what="a model's own loop / the runner, processor time",
                path="tiny-nar.loop.cpu",
                better="more",
                bar=0.9,
            ),
        ),
    ),
    Benchmark(
        name="scoring",
        needs=("predictions/normalized/", "predictions/raw/"),  # all of them: of few pairs the start is what counts
        figures=(
            Figure(
                what="the official path's time / ours, a process for each processor",
                path="scoring_ratio",
                better="more",
            ),
            *(
                Figure(
                    what=f"the official path's processor time / ours, one process, {profile}",
                    path=f"one_process.cpu_ratios.{profile}",
                    better="more",
                    bar=10.0,
                )
                for profile in ("leaderboard@2026-08", "leaderboard@2026-10", "unicode@2026-11")
            ),
        ),
    ),
    *(
        Benchmark(
            name="roofline",
            label=f"roofline_{kernels}",
            arguments=("--kernels", kernels),
            needs=("torch",),
            figures=(
                Figure(what=f"kernels a batch of the full network, {kernels}", path="all.kernels", tolerance=0.0),
                Figure(what="bytes moved", path="all.bytes", tolerance=0.001),
                Figure(what="waits of the host a batch", path="waits", tolerance=0.0),
            ),
        )
        for kernels in ("plain", "fused")
    ),
    Benchmark(
        name="long_audio",
        arguments=("--hours", "0.5"),
        figures=(Figure(what="memory to decode a long file / its samples", path="of_result", tolerance=0.1),),
    ),
    Benchmark(
        name="health",
        arguments=("--hours", "0.25"),
        figures=(
            Figure(what="measuring audio's health / decoding it", path="ratio"),
            Figure(what="memory for a long file / for a short one", path="long_mib", over="short_mib", tolerance=0.1),
        ),
    ),
    Benchmark(
        name="ray_engine",
        arguments=(
            "--clips",
            "600",
        ),
        needs=("ray",),
        figures=(Figure(what="share of the time that workers are busy", path="many_clips.efficiency", better="more"),),
    ),
    Benchmark(
        name="scaling",
        arguments=("--rtfx", "3800", "--devices", *SCALED),
        figures=tuple(
            Figure(
                what=f"efficiency on {devices} devices of RTFx 3,800, 100 h, simulated{beside}",
                path=f"{_SPGI}.devices={devices}.ray.efficiency",
                over=f"{_SPGI}.devices={devices}.shards.efficiency" if beside else "",
                better="more",
                tolerance=0.01,
                bar=bar,
            )
            for devices, beside, bar in ((64, "", 0.9), (128, "", 0.8), (1024, " / fixed shards'", 1.0))
        ),
    ),
    Benchmark(
        name="data",
        arguments=("--rows", "100", "--long-rows", "0", "--only", ",".join(DATA_SOURCES)),
        strict=False,
        figures=tuple(
            Figure(
                what=f"{source}: speed of the bare loop that is kept, processor time",
                path=f"speed.{source}.cpu_of_bare",
                better="more",
            )
            for source in DATA_SOURCES
        ),
    ),
    Benchmark(
        name="growth",
        arguments=("--largest", "10000"),
        figures=(
            Figure(
                what="whether its bars hold at 10,000 utterances (1: yes)", path="all", better="more", tolerance=0.0
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, now and before."""

    benchmark: str
    figure: Figure
    now: float | None
    before: float | None

    @property
    def verdict(self) -> Verdict:
        """How it stands to the baseline; LOST is one that the baseline has and nobody finds."""
        if self.now is None:
            return "LOST"
        return "new" if self.before is None else self.figure.judged(self.now, self.before)


def last_json(printed: str) -> Any:
    """What the last line says.

    Raises:
        ValueError: it is no JSON object.
    """
    lines = printed.strip().splitlines()
    found = json.loads(lines[-1]) if lines else None
    if not isinstance(found, dict):
        raise ValueError("its last line is no JSON object")
    return found


def measured(benchmark: Benchmark) -> dict[str, float]:
    """Runs a benchmark; its figures by what they are.

    Raises:
        RuntimeError: it fails, takes too long, or does not print what it should; one line.
    """
    command = [sys.executable, str(HERE / f"{benchmark.name}.py"), *benchmark.arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=benchmark.limit, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"it took longer than {benchmark.limit:g} s") from None
    if done.returncode and benchmark.strict:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RuntimeError(f"exit status {done.returncode}: {said[-1] if said else 'it said nothing'}")
    try:
        found = last_json(done.stdout)
        return {figure.what: figure.of(found) for figure in benchmark.figures}
    except (LookupError, TypeError, ValueError, ZeroDivisionError) as error:
        raise RuntimeError(f"its last line lacks what is compared ({type(error).__name__}: {error})") from None


def compared(benchmark: Benchmark, now: dict[str, float], baseline: dict[str, dict[str, float]]) -> list[Row]:
    """The figures of a benchmark beside the baseline's."""
    before = baseline.get(benchmark.key, {})
    return [Row(benchmark.key, one, now.get(one.what), before.get(one.what)) for one in benchmark.figures]


def shown(rows: Iterable[Row]) -> str:
    """The table of docs/speed.md."""
    lines = ["| benchmark | figure | | better | bar |", "|---|---|--:|---|---|"]
    lines += [
        f"| {row.benchmark} | {row.figure.what} | {_number(row.now)} | {row.figure.better} | {_bar(row)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _bar(row: Row) -> str:
    if row.figure.bar is None:
        return ""
    return f"**{_number(row.figure.bar)}, missed**" if row.figure.missed(row.now) else _number(row.figure.bar)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def with_table(page: str, table: str) -> str:
    """The page with another table between its marks.

    Raises:
        ValueError: the marks are not there.
    """
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PAGE} lacks the lines {BEGIN.strip()!r} and {END.strip()!r}")
    return before + BEGIN + table + END + after


def main(argv: Sequence[str] | None = None) -> int:
    """Runs, compares, prints; 1 where something is worse, misses its bar, failed or is lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME,...", help=", ".join(one.key for one in BENCHMARKS))
    parser.add_argument("--update", action="store_true", help="write what was measured into perf/baseline.json")
    parser.add_argument("--write-docs", action="store_true", help="write the table into docs/speed.md")
    args = parser.parse_args(argv)
    chosen = args.only.split(",") if args.only else [one.key for one in BENCHMARKS]
    if unknown := set(chosen) - {one.key for one in BENCHMARKS}:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; see --help")
    if args.write_docs and args.only:
        parser.error("--write-docs writes the whole table: leave out --only")
    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    rows: list[Row] = []
    failures, began, kept = 0, time.perf_counter(), dict(baseline)
    for benchmark in (one for one in BENCHMARKS if one.key in chosen):
        if missing := benchmark.missing():
            print(f"{benchmark.key:16} skipped: {missing} is not here")
            continue
        begin = time.perf_counter()
        try:
            now = measured(benchmark)
        except RuntimeError as error:
            failures += 1
            print(f"{benchmark.key:16} FAILED: {error}")
            continue
        kept[benchmark.key] = now
        print(f"{benchmark.key:16} {time.perf_counter() - begin:.0f} s", flush=True)
        for row in compared(benchmark, now, baseline):
            rows.append(row)
            print(f"  {row.verdict:6} {_number(row.now):>9} (baseline {_number(row.before)}) {row.figure.what}")
            if row.figure.missed(row.now):
                print(f"  MISSED {'':9} its bar is {_number(row.figure.bar)}")
    missed = sum(row.figure.missed(row.now) for row in rows)
    worse = sum(row.verdict in {"WORSE", "LOST"} for row in rows)
    if args.update:
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {BASELINE}")
    if args.write_docs:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), shown(rows)), encoding="utf-8")
        print(f"wrote {PAGE}")
    seconds = time.perf_counter() - began
    counts = {"figures": len(rows), "worse": worse, "missed": missed, "failed": failures}
    print(json.dumps({"benchmark": "all", **counts, "seconds": seconds}))
    return int(bool(failures or missed or (worse and not args.update)))


if __name__ == "__main__":
    sys.exit(main())
