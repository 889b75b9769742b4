"""Chaos: a small run, over and over, under what goes wrong with machines; `python tools/chaos.py --minutes 20`.

Spoken digits with tiny-nar, and made-up data with `transcripts:`, are run once in peace. Then each of them is begun
again and again, and disturbed: killed, stopped, out of disk, memory, files or time, edited, doubled. After each:

* every utterance has at most one line, and every line that was there before is there still, byte for byte;
* no line says anything else than in peace; one without a transcript says why, and the status is not 0;
* status 0 is a run that is whole; any other is one line that says what happened (or the signal that killed it).

After at most five disturbances the same command goes on in peace, and must end with the transcripts and scores of the
undisturbed run. All follows from `--seed` but for the moment at which a signal arrives. `--log FILE` keeps a line for
each disturbance. As root also disks that are full or read-only in earnest (tmpfs); else limits stand in for them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.chaos_disturbances import DISTURBANCES, Episode, Given, Lost
from tools.chaos_world import Work, make_world, peace

MOST = 5
"""Disturbances of one run."""


def main(arguments: list[str] | None = None) -> int:
    """Runs what is asked; 1 where something was lost, doubled, changed or silent."""
    parser = argparse.ArgumentParser(prog="python tools/chaos.py", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="stop after these (default 20)")
    parser.add_argument("--disturbances", type=int, help="stop after so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(DISTURBANCES), help="this kind; may be repeated")
    parser.add_argument("--works", default="transcripts,tiny-nar,ray", help="what is run; ray where it is installed")
    parser.add_argument("--log", type=Path, help="a JSON line for each disturbance")
    parser.add_argument(
        "--keep", type=Path, help="where to work, and to leave everything; default: a folder that is removed"
    )
    args = parser.parse_args(arguments)
    end = time.monotonic() + 60 * args.minutes
    place = args.keep or Path(tempfile.mkdtemp(prefix="chaos", dir="/tmp"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        works = make_world(place, args.works.split(","))
        for work in works:
            work.calm = peace(work, place / "calm" / work.name)
        return _go(works, place, args, end)
    finally:
        if args.keep is None:
            shutil.rmtree(place, ignore_errors=True)


def _go(works: list[Work], place: Path, args: argparse.Namespace, end: float) -> int:
    """Episode after episode, until there is no time, or enough was done."""
    counts: Counter[tuple[str, str]] = Counter()
    faults: list[str] = []
    number = 0
    while time.monotonic() < end and counts.total() < (args.disturbances or sys.maxsize):
        random = Random(f"{args.seed}:{number}")
        work = random.choices(works, [one.weight for one in works])[0]
        episode = Episode(work, place / f"episode{number}", random)
        left = (args.disturbances or sys.maxsize) - counts.total()
        try:
            for _ in range(min(left, random.randint(1, MOST))):
                name, outcome = _disturb(episode, args.only)
                counts[name, outcome] += 1
                if args.log:
                    with args.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps([args.seed, number, work.name, name, outcome]) + "\n")
            episode.finish()
            shutil.rmtree(episode.out, ignore_errors=True)
        except Lost as lost:
            faults.append(f"episode {number} ({work.name}; {', '.join(episode.told)}): {lost}")
            print(f"FAULT {faults[-1]}", file=sys.stderr, flush=True)
        except Exception:  # noqa: BLE001 - a fault of this program; what was found so far is told all the same
            faults.append(f"episode {number} ({work.name}; {', '.join(episode.told)}): {traceback.format_exc()}")
            print(f"FAULT {faults[-1]}", file=sys.stderr, flush=True)
        number += 1
    return _tell(counts, faults, number)


def _disturb(episode: Episode, only: list[str] | None) -> tuple[str, str]:
    """One disturbance of a run, and what is looked at after it."""
    fitting = [name for name, one in DISTURBANCES.items() if one.fits(episode.work) and (not only or name in only)]
    name = episode.random.choices(fitting, [DISTURBANCES[one].weight for one in fitting])[0]
    episode.told.append(name)
    given = Given(episode, [])
    DISTURBANCES[name].do(given)
    outcome = " ".join(dict.fromkeys(child.outcome for child in given.children)) or "edited"
    episode.told[-1] += f" ({outcome})"
    episode.check(given)
    return name, outcome


def _tell(counts: Counter[tuple[str, str]], faults: list[str], episodes: int) -> int:
    """Counts by disturbance and how the program ended, then what went wrong."""
    print(f"{counts.total()} disturbances of {episodes} runs, {len(faults)} faults")
    for (name, outcome), count in sorted(counts.items()):
        print(f"  {name:<16} {outcome:<24} {count:>5}")
    for fault in faults:
        print(f"FAULT {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
