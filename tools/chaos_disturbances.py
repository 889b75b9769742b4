"""What chaos does to a run, and what it looks at after it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tools.chaos_world import PATIENCE, Child, Work, folder_of, outcome_of, start

SLOW = 0.02
"""Seconds that each batch takes more, so that there is a middle to be hit."""
REFUSED = {2, 4, 5, 130}
"""What a run that did not go to its end ends with."""


class Lost(Exception):  # noqa: N818 - what was promised was not kept
    """Something was lost, doubled, changed, or silent."""


@dataclass
class Episode:
    """One run that is disturbed."""

    work: Work
    out: Path
    random: Random
    known: dict[str, bytes] = field(default_factory=dict)
    """The lines that were seen, by id."""
    told: list[str] = field(default_factory=list)

    @property
    def journal(self) -> Path | None:
        """The journal, where there is one."""
        folder = folder_of(self.out)
        path = folder / f"{self.work.benchmark}.jsonl" if folder else None
        return path if path is not None and path.exists() else None

    def lines(self) -> dict[str, bytes]:
        """The whole lines of the journal, by id.

        Raises:
            Lost: an utterance has two lines, neither of which says that it failed, or a line is none.
        """
        path, found = self.journal, dict[str, bytes]()
        data = path.read_bytes() if path is not None else b""
        raws = [raw for raw in data.split(b"\n")[:-1] if raw.strip()]
        for number, raw in enumerate(raws, start=1):
            try:
                line = json.loads(raw)
            except ValueError:
                if number == len(raws):
                    continue  # torn: it is not counted, and cut off where the run goes on
                raise Lost(f"a line that is none: {raw[:80]!r}") from None
            if line["id"] in found and "hypothesis" in json.loads(found[line["id"]]):
                raise Lost(f"{line['id']} has two lines")
            found[line["id"]] = raw
        return found

    def check(self, given: Given) -> None:
        """What must hold after a disturbance."""
        now = self.lines()
        for name, raw in self.known.items():
            if name in given.taken:
                continue  # it is run again
            if name not in now:
                raise Lost(f"the line of {name} is gone")
            if name in now and _told(now[name]) != _told(raw) and "hypothesis" in json.loads(raw):
                raise Lost(f"the line of {name} was changed")
        self.known = now
        calm = self.work.calm
        assert calm is not None
        failed = 0
        for name, raw in now.items():
            line = json.loads(raw)
            failed += "hypothesis" not in line
            if "hypothesis" in line and calm.texts[name] != (line["reference"], line["hypothesis"]):
                raise Lost(f"{name} says something else than in peace")
            if "hypothesis" not in line and not line.get("error"):
                raise Lost(f"{name} has neither a transcript nor a reason")
        for child in given.children:
            self._answer(child, whole=len(now) == self.work.utterances and not failed)

    def _answer(self, child: Child, *, whole: bool) -> None:
        """Whether the program said what happened."""
        code, told = child.process.returncode, child.told()
        if code == 0 and not whole:
            raise Lost(f"exit 0, and {len(self.known)} of {self.work.utterances} lines")
        if code > 0 and code not in REFUSED:
            raise Lost(f"exit {code}: {told[-300:]}")
        if "internal error" in told or ("Traceback" in told and code >= 0):
            raise Lost(f"no clear answer: {told[-400:]}")
        said = [line for line in told.splitlines() if line.startswith(("error: ", "stopped: ", "failed: "))]
        if code > 0 and not said and 0 < child.errors.stat().st_size != child.file_limit:
            raise Lost(f"exit {code} without a reason: {told[-300:]}")

    def finish(self) -> None:
        """The same command in peace: all is there, once, and says what it did undisturbed."""
        child = start(self.work, self.out, "--retry-failed")
        if child.wait() != 0:
            raise Lost(f"in peace it ends with {child.outcome}: {child.told()[-300:]}")
        self.check(Given(self, [child]))
        folder = folder_of(self.out)
        assert folder is not None
        assert self.work.calm is not None
        found = outcome_of(self.work, folder)
        if found.texts != self.work.calm.texts:
            raise Lost(f"{len(found.texts)} utterances in the end, of {len(self.work.calm.texts)}")
        if found.scores != self.work.calm.scores:
            raise Lost("the scores are others than in peace")


def _told(raw: bytes) -> object:
    """A line without what tells its audio apart, which is noted anew where a file was away and is back."""
    return {key: value for key, value in json.loads(raw).items() if key != "audio_file"}


@dataclass
class Given:
    """A disturbance at work."""

    episode: Episode
    children: list[Child]
    taken: set[str] = field(default_factory=set)
    """Ids whose lines the disturbance itself took away."""

    @property
    def random(self) -> Random:
        """Of the run."""
        return self.episode.random

    def begin(self, **how: object) -> Child:
        """Starts the program as it is disturbed."""
        plan: dict[str, object] = {"slow": SLOW}
        plan |= {key: how.pop(key) for key in ("limits", "jumps") if key in how}
        child = start(self.episode.work, self.episode.out, *self.flags(), plan=plan, **how)  # type: ignore[arg-type]
        self.children.append(child)
        return child

    def flags(self) -> list[str]:
        """Sometimes what failed before is tried again."""
        return ["--retry-failed"] if self.random.random() < 0.3 else []

    def until_lines(self, child: Child) -> None:
        """Waits until the journal has some more lines, or a moment before there is one, or the process ended."""
        have, more = len(self.episode.known), self.random.choice((0, 1, 1, 8, 20, 40))
        end = time.monotonic() + PATIENCE
        if more == 0:
            time.sleep(self.random.uniform(0.0, 1.5))
        while more and child.process.poll() is None and time.monotonic() < end:
            path = self.episode.journal
            if path is not None and path.read_bytes().count(b"\n") >= have + more:
                return
            time.sleep(0.01)


def killed(given: Given) -> None:
    """A signal at some point, which kills or is obeyed."""
    child = given.begin()
    given.until_lines(child)
    names = ("SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGSEGV", "SIGUSR1", "SIGPIPE")
    with suppress(ProcessLookupError):
        child.process.send_signal(getattr(signal, given.random.choice(names)))
    child.wait()


def interrupted_twice(given: Given) -> None:
    """Ctrl-C by somebody without patience."""
    child = given.begin()
    given.until_lines(child)
    for _ in range(given.random.choice((2, 3))):
        child.process.send_signal(signal.SIGINT)
        time.sleep(given.random.choice((0.0, 0.05, 0.2)))
    child.wait()


def asleep(given: Given) -> None:
    """The process is stopped for a while, and goes on."""
    child = given.begin()
    given.until_lines(child)
    child.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    child.process.send_signal(signal.SIGCONT)
    child.wait()


def no_room_for_a_file(given: Given) -> None:
    """No file may grow beyond some size."""
    child = given.begin(limits={"FSIZE": given.random.choice((0, 100, 700, 2000, 5000, 9000, 14_000))})
    child.wait()


def small_limits(given: Given) -> None:
    """Few open files, little memory, a small stack, little time of the processor."""
    name, values = given.random.choice(
        [
            ("NOFILE", (8, 16, 24, 40)),
            ("AS", (300 << 20, 600 << 20, 900 << 20, 1500 << 20)),
            ("STACK", (256 << 10, 1 << 20)),
            ("CPU", (1, 2)),
            ("NPROC", (1, 5)),
        ]
    )
    given.begin(limits={name: given.random.choice(values)}).wait()


def clock_jumps(given: Given) -> None:
    """The time of day goes back by years, and the machine sleeps."""
    given.begin(jumps=given.random.randint(1, 10**6)).wait()


def nobody_reads(given: Given) -> None:
    """Standard output, or both, go into a pipe that is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    both = given.random.random() < 0.5
    child = given.begin(stdout=writing, **({"stderr": writing} if both else {}))
    os.close(writing)
    child.wait()


def two_at_once(given: Given) -> None:
    """Two processes, or three, on one folder."""
    for _ in range(given.random.choice((2, 2, 3))):
        given.begin()
        time.sleep(given.random.choice((0.0, 0.0, 0.3)))
    for child in given.children:
        child.wait()


def audio_away(given: Given) -> None:
    """Some audio cannot be read while the run is at it, and is back afterwards."""
    data = given.episode.work.data
    names = given.random.sample(sorted(path.name for path in data.glob("*.wav")), 3)
    for name in names:
        (data / name).rename(data / f"{name}.away")
    try:
        given.begin().wait()
    finally:
        for name in names:
            (data / f"{name}.away").rename(data / name)


def disk(given: Given, *, read_only: bool) -> None:
    """A disk of its own: full after some kilobytes, or read-only from some point on."""
    episode = given.episode
    place = episode.out.with_name(episode.out.name + ".disk")
    place.mkdir()
    size = 4096 if read_only else given.random.choice((16, 24, 48, 96, 160))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(place)], check=True)
    there = episode.out
    episode.out = place / "out"
    try:
        if not there.exists() or copied(there, episode.out):
            if read_only:
                subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
            child = given.begin()
            child.wait()
            shutil.rmtree(there, ignore_errors=True)
            if episode.out.exists():
                shutil.copytree(episode.out, there)
    finally:
        episode.out = there
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def copied(source: Path, target: Path) -> bool:
    """Copies a run; False where it does not fit, since half of a copy is nothing that a full disk leaves."""
    try:
        shutil.copytree(source, target)
    except (OSError, shutil.Error):
        return False
    return True


def disk_full(given: Given) -> None:
    """The disk is full in the middle."""
    disk(given, read_only=False)


def disk_read_only(given: Given) -> None:
    """The disk became read-only, as one that fails does."""
    disk(given, read_only=True)


def edited(given: Given) -> None:
    """Somebody, or an editor, or a crash was at the journal between two commands."""
    path = given.episode.journal
    lines = [] if path is None else [line for line in path.read_bytes().splitlines(keepends=True) if _whole(line)]
    if path is None or not lines:
        given.begin().wait()
        return
    at = given.random.randrange(len(lines))
    kind = given.random.randrange(7)
    if kind == 0:  # torn
        data = b"".join(lines)[: -given.random.randint(1, len(lines[-1]))]
        given.taken.add(json.loads(lines[-1])["id"])
    elif kind == 1:
        data = b"".join(lines) + given.random.choice(
            (b"\x00" * 50, b'{"format":2,"id":"u', b"\xff\xfe\n", b"garbage\n")
        )
    elif kind == 2:
        given.taken.add(json.loads(lines.pop(at))["id"])
        data = b"".join(lines)
    elif kind == 3:
        data = b"".join(reversed(lines))
    elif kind == 4:
        data = b"\n".join(lines) + b"\n\n"
    elif kind == 5:
        refused(given, path, b"".join([*lines, lines[at]]) + lines[-1])
        return
    else:
        refused(given, path, b"".join([*lines[:at], b'{"id": 5}\n', *lines[at:]]))
        return
    path.write_bytes(data)
    given.begin().wait()


def _whole(line: bytes) -> bool:
    """Whether a line of a journal is an utterance's; earlier edits and kills leave blank lines, and parts of some."""
    try:
        return "id" in json.loads(line)
    except ValueError:
        return False


def refused(given: Given, path: Path, data: bytes) -> None:
    """What nobody can go on with is refused, and left as it is.

    Raises:
        Lost: it is not.
    """
    before = path.read_bytes()
    path.write_bytes(data)
    child = given.begin()
    if child.wait() == 0:
        raise Lost(f"went on with {data[-80:]!r}")
    if path.read_bytes() != data:
        raise Lost("changed what it refused")
    path.write_bytes(before)


def record_edited(given: Given) -> None:
    """run.json is gone, cut, or that of before; leftovers lie about."""
    folder = folder_of(given.episode.out)
    path = folder / "run.json" if folder else None
    if path is None or folder is None or not path.exists() or given.episode.journal is None:
        given.begin().wait()
        return
    kind = given.random.randrange(4)
    whole = path.read_bytes()
    if kind == 0 and given.episode.known:
        path.unlink()
    elif kind == 1:
        path.write_bytes(whole[: given.random.randrange(len(whole) - 2)])
    elif kind == 2:
        (folder / ".run.json.tmp").write_bytes(whole[:100])
        (folder / f".{given.episode.work.benchmark}.jsonl.tmp").write_bytes(b"{")
    else:
        (folder / ".lock").write_text("999999", encoding="utf-8")
    child = given.begin()
    refusal = kind == 1 or (kind == 0 and bool(given.episode.known))
    if refusal and child.wait() == 0:
        raise Lost("went on without its run.json")
    child.wait()
    if refusal:
        path.write_bytes(whole)


def worker_killed(given: Given) -> None:
    """A worker of the cluster is killed."""
    _kill_ray(given, "ray::Actor")


def node_killed(given: Given) -> None:
    """The node of the cluster is killed."""
    _kill_ray(given, "raylet")


def _kill_ray(given: Given, what: str) -> None:
    child = given.begin()
    given.until_lines(child)
    mine = child.process.pid
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (place / "cmdline").read_bytes().decode(errors="replace")
            if what in command and _descends(int(place.name), mine):
                os.kill(int(place.name), signal.SIGKILL)
                break
    child.wait()


def _descends(process: int, ancestor: int) -> bool:
    """Whether a process is a descendant of another, or of its session."""
    with suppress(OSError):
        if os.getsid(process) == ancestor:
            return True
    while process > 1:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        process = int(fields[1])
        if process == ancestor:
            return True
    return False


def _root(_work: Work) -> bool:
    """Whether disks can be mounted here."""
    return os.geteuid() == 0 and _can_mount()


def _can_mount(known: list[bool] = []) -> bool:  # noqa: B006 - asked once
    if not known:
        place = Path(f"/tmp/chaos-mount-{os.getpid()}")  # noqa: S108
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=False, capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
        known.append(done.returncode == 0)
    return known[0]


@dataclass(frozen=True)
class Disturbance:
    """One kind."""

    do: Callable[[Given], None]
    weight: int = 2
    fits: Callable[[Work], bool] = lambda _work: True


def _local(work: Work) -> bool:
    return work.name != "ray"


def _ray(work: Work) -> bool:
    return work.name == "ray"


DISTURBANCES: dict[str, Disturbance] = {
    "killed": Disturbance(killed, 6),
    "interrupted": Disturbance(interrupted_twice),
    "asleep": Disturbance(asleep, 1),
    "file limit": Disturbance(no_room_for_a_file, 3, _local),
    "small limits": Disturbance(small_limits, 3, _local),
    "clock jumps": Disturbance(clock_jumps, 2, _local),
    "closed pipes": Disturbance(nobody_reads),
    "two at once": Disturbance(two_at_once, 2, _local),
    "audio away": Disturbance(audio_away, 1, lambda work: work.name == "transcripts"),
    "disk full": Disturbance(disk_full, 3, lambda work: _local(work) and _root(work)),
    "disk read-only": Disturbance(disk_read_only, 2, lambda work: _local(work) and _root(work)),
    "journal edited": Disturbance(edited, 4),
    "run.json edited": Disturbance(record_edited, 2),
    "worker killed": Disturbance(worker_killed, 8, _ray),
    "node killed": Disturbance(node_killed, 4, _ray),
}
"""Everything that is done to runs."""
