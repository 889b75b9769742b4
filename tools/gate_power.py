"""What the gate says of simulated pairs of systems: how often it is red for nothing, and what it finds.

    python -m tools.gate_power --pairs 400
    python -m tools.gate_power --early --pairs 10000

Data like LibriSpeech's test-clean: 40 speakers, 2,620 utterances, 52,000 words, 2 % WER; speakers and utterances
differ.

``added``: the run is the baseline's own output with errors added or taken away. ``anew``: both systems are transcribed
independently, so that nearly every utterance that has errors has other ones.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from harness.errors import ExitStatus
from harness.gating.decide import effect
from harness.gating.early import Expected, first_certain
from harness.gating.judge import judged, with_worse
from harness.gating.pair import Pair
from harness.gating.worse_sessions import worse_sessions
from harness.records.decision import Verdict
from harness.records.journal import Line
from harness.records.policy import Policy
from harness.scoring.metrics import get_metric
from harness.scoring.significance import Counts, difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.records.decision import Finding

SPEAKERS, UTTERANCES = 40, 2620
Kind = Literal["added", "anew"]
KINDS: tuple[Kind, ...] = ("anew", "added")


def librispeech_like(
    random: np.random.Generator, utterances: int = UTTERANCES
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Reference words, the chance of an error in each word, and the session of each utterance."""
    sessions = np.sort(random.integers(0, SPEAKERS, utterances))
    words = np.maximum(2, random.gamma(2.2, 9.1, utterances)).astype(np.int64)
    speaker = random.gamma(2.0, 0.5, SPEAKERS)[sessions]
    chance = np.clip(0.02 * speaker * random.gamma(0.7, 1 / 0.7, utterances), 0, 0.9)
    return words, chance, sessions


def pair(
    random: np.random.Generator, kind: Kind, points: float, utterances: int = UTTERANCES
) -> tuple[Counts, Counts, list[int]]:
    """Run and baseline, of which the run is worse by so many points, or better."""
    words, chance, sessions = librispeech_like(random, utterances)
    baseline = random.binomial(words, chance)
    if kind == "anew":
        run = random.binomial(words, np.clip(chance * (1 + points / 100 / chance.mean()), 0, 1))
    else:
        moved = round(abs(points) / 100 * float(words.sum()))
        weights = words if points > 0 else baseline
        change = random.multinomial(moved, weights / weights.sum())
        run = baseline + change if points > 0 else np.maximum(0, baseline - change)
    return Counts(run, words), Counts(baseline, words), sessions.tolist()


def outcome(run: Counts, baseline: Counts, sessions: list[int], policy: Policy) -> tuple[Finding, ExitStatus]:
    """What the gate finds, and what follows for the build."""
    change = difference(run, baseline, sessions, 1 - policy.alpha)
    changed = int((run.errors != baseline.errors).sum())
    found = judged("read", get_metric("wer"), policy.rule("read"), change, changed=changed, utterances=len(run.errors))
    [found] = with_worse([found], policy.alpha)
    return found, effect(found, policy)


def simulate(kind: Kind, points: float, pairs: int, seed: int, utterances: int = UTTERANCES) -> Counter[str]:
    """Of so many pairs, how many FAIL, are red (FAIL, or INCONCLUSIVE and worse), and PASS by their interval."""
    random, policy, counts = np.random.default_rng(seed), Policy(), Counter[str](FAIL=0, red=0, PASS=0)
    for _ in range(pairs):
        found, status = outcome(*pair(random, kind, points, utterances), policy)
        counts[found.verdict.value] += found.verdict is not Verdict.INCONCLUSIVE
        counts["red"] += status is not ExitStatus.GOOD
    return counts


def red_with_sessions(kind: Kind, points: float, pairs: int, seed: int) -> int:
    """Of so many pairs, how many are red by the whole or by a single session that got worse."""
    random, policy, red = np.random.default_rng(seed), Policy(), 0
    for _ in range(pairs):
        run, baseline, sessions = pair(random, kind, points)
        _, status = outcome(run, baseline, sessions, policy)
        lines = _worse_sessions(baseline, run, sessions, policy)
        red += any(one is not ExitStatus.GOOD for one in [status, *lines.values()])
    return red


def _worse_sessions(baseline: Counts, run: Counts, sessions: list[int], policy: Policy) -> dict[str, ExitStatus]:
    """The sessions that have a line of their own, and what follows for the build."""
    rows = [(Line(id=str(at), reference="", hypothesis=""),) * 2 for at in range(len(sessions))]
    held = Pair("read", get_metric("wer"), baseline, run, rows, [str(one) for one in sessions], 0)
    lines = worse_sessions("read", held, policy.sessions)
    return {one.subject.rpartition(" ")[2]: effect(one, policy) for one in lines}


class Named(NamedTuple):
    """Of pairs one session of which is worse, how many had a line for it, were red for it, had one for another."""

    named: int
    red: int
    others: int


def sessions_named(points: float, pairs: int, seed: int, rest: float = 0.0) -> Named:
    """Of so many pairs transcribed anew, one session of which is worse by so many points and the rest by others."""
    random, policy = np.random.default_rng(seed), Policy()
    place, found = str(SPEAKERS // 2), []
    for _ in range(pairs):
        words, chance, sessions = librispeech_like(random)
        elsewhere = np.clip(chance * (1 + rest / 100 / chance.mean()), 0, 1)
        run, baseline = random.binomial(words, elsewhere), random.binomial(words, chance)
        worse = sessions == SPEAKERS // 2
        run = run + worse * random.binomial(words, points / 100)
        lines = _worse_sessions(Counts(baseline, words), Counts(run, words), sessions.tolist(), policy)
        red = lines.get(place, ExitStatus.GOOD) is not ExitStatus.GOOD
        found.append((place in lines, red, bool(lines.keys() - {place})))
    return Named(*np.array(found).sum(axis=0).tolist())


def utterances_for(kind: Kind, points: float, pairs: int, seed: int, share: float = 0.9) -> int | None:
    """Of such utterances, how many let at least a share of the pairs FAIL; None where 64 times as many do not."""
    for factor in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64):
        utterances = round(factor * UTTERANCES)
        if simulate(kind, points, pairs, seed, utterances)["FAIL"] >= share * pairs:
            return utterances
    return None


def early_stops(kind: Kind, points: float, pairs: int, seed: int, utterances: int = UTTERANCES) -> list[int]:
    """Of so many pairs, after how many utterances those were stopped that were: looked at after every utterance."""
    random, policy, found = np.random.default_rng(seed), Policy(), []
    for _ in range(pairs):
        run, baseline, sessions = pair(random, kind, points, utterances)
        order = random.permutation(utterances)
        expected = Expected(
            baseline.errors[order],
            baseline.words[order],
            [sessions[at] for at in order.tolist()],
            policy.rule("read").margin,
            policy.alpha,
        )
        claim = first_certain(expected, run.errors[order])
        found += [claim.utterances] if claim else []
    return found


def print_early(pairs: int, seed: int) -> None:
    """Prints the table of sequential runs: false alarms, and what a stop saves."""
    print(f"{UTTERANCES:,} utterances, margin 0.1 points, looked at after each utterance")
    print(f"{'systems':8} {'points worse':>12} {'pairs':>7} {'stopped':>15} {'utterances, median':>19} {'saved':>7}")
    cases: list[tuple[Kind, float, int]] = [("anew", 0.0, pairs), ("anew", 0.1, pairs // 10)]
    cases += [(kind, points, pairs // 100) for kind in KINDS for points in (1.0, 3.0)]
    for kind, points, many in cases:
        found = early_stops(kind, points, many, seed)
        median = float(np.median([*found, *[UTTERANCES] * (many - len(found))]))
        stopped = f"{len(found):,} ({100 * len(found) / many:.1f} %)"
        saved = 100 * (1 - median / UTTERANCES)
        print(f"{kind:8} {points:>12g} {many:>7,} {stopped:>15} {median:>19,.0f} {saved:>5.0f} %", flush=True)


def main() -> None:
    """Prints the tables of docs/gate.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--early", action="store_true", help="the sequential mode: gate --early, --gate-early")
    args = parser.parse_args()
    if args.early:
        print_early(args.pairs, args.seed)
        return
    print(f"{args.pairs} pairs each, {UTTERANCES:,} utterances, margin 0.1 points")
    print(f"{'systems':8} {'points worse':>12} {'FAIL':>7} {'red':>7} {'PASS by interval':>17} {'90 % FAIL from':>15}")
    for kind in KINDS:
        for points in (-0.3, -0.1, 0.0, 0.3, 1.0):
            found = simulate(kind, points, args.pairs, args.seed)
            shares = (f"{100 * found[key] / args.pairs:.1f} %" for key in ("FAIL", "red", "PASS"))
            needed = utterances_for(kind, points, args.pairs // 4, args.seed) if points > 0.1 else None
            fail, red, passes = shares
            print(
                f"{kind:8} {points:>12g} {fail:>7} {red:>7} {passes:>17} {f'{needed:,}' if needed else '':>15}",
                flush=True,
            )

    for points, rest in ((0.0, 0.0), (3.0, 0.0), (6.0, 0.0), (3.0, -0.3), (6.0, -0.3)):
        lines = sessions_named(points, args.pairs, args.seed, rest)
        print(
            f"one session of {SPEAKERS} {points:g} points worse, the rest {rest:g}: "
            f"named {lines.named}, red {lines.red}, another one named {lines.others} times",
            flush=True,
        )
    print_red(max(1000, args.pairs), args.seed)


def print_red(pairs: int, seed: int) -> None:
    """Prints how often anything at all is red where nothing got worse, with three seeds."""
    for kind, points in (("anew", 0.0), *((kind, points) for kind in KINDS for points in (-0.3, -1.0))):
        seeds = range(seed, seed + 3)
        red = ", ".join(str(red_with_sessions(kind, points, pairs, one)) for one in seeds)
        print(f"{kind}, {points:g} points worse: red, single sessions included, {red} of {pairs:,} each", flush=True)


if __name__ == "__main__":
    main()
