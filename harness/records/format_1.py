"""Files of format 1, from before they stated theirs: their plain values under today's names."""

from harness.records.codec import FORMAT

_LINE = {"heard": "audio_seconds", "clean": "undisturbed"}
"""Names of format 1, of a journal's fields."""
_SPEED = {
    "seconds_heard": "audio_seconds",
    "seconds_heard_clean": "audio_seconds_undisturbed",
    "seconds_heard_leaderboard": "audio_seconds_leaderboard",
    "heard": "audio_seconds",
    "counted": "seconds_counted",
}
"""Names of format 1, of a benchmark's speed and of a cluster's devices."""


def upgrade_run(found: object) -> object:
    """The plain values of a run.json of format 1 under today's names; nulls are left out, to take their default."""
    if not isinstance(found, dict) or found.get("format", 1) != 1:
        return found
    return _renamed({**found, "format": FORMAT}, inside=False)


def _renamed(found: object, *, inside: bool) -> object:
    """Fields renamed below every `speed`; what is null is as if it were not there. Lists of format 1 need neither."""
    if not isinstance(found, dict):
        return found
    return {
        _SPEED.get(key, key) if inside else key: _renamed(value, inside=inside or key == "speed")
        for key, value in found.items()
        if value is not None
    }


def upgrade_line(found: object) -> object:
    """The plain values of a line of format 1 under today's names, unknown ones (null) left out."""
    if not isinstance(found, dict) or found.get("format", 1) != 1:
        return found
    return {_LINE.get(key, key): value for key, value in found.items() if value is not None}
