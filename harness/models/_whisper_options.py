"""What both ways to run a Whisper can be told: what to do with long clips, and whether to give words their times."""

from harness.errors import UsageError
from harness.models.base import LoadOptions, ModelOption

_LONG = "what is done with clips over 30 s: cut at pauses by the runner, or the model's own ways"
_TASK = "translate: write English, whatever is spoken; --task translate --target en says it"
_WORDS = "whether each word is given its times"


def whisper_options(long: str) -> tuple[ModelOption, ...]:
    """The options, with what is done with long clips unless the user says."""
    return (
        ModelOption("long_form", _LONG, ("cut", "sequential", "chunked"), long),
        ModelOption("task", _TASK, ("transcribe", "translate"), "transcribe"),
        ModelOption("word_times", _WORDS, ("no", "yes"), "no"),
    )


def long_form(options: LoadOptions, default: str) -> str:
    """``cut``, ``sequential`` or ``chunked``."""
    return options.option("long_form") or default


def task_of(options: LoadOptions, name: str, *, multilingual: bool) -> str:
    """``transcribe`` or ``translate``.

    Raises:
        UsageError: an English model is asked to translate.
    """
    task = options.option("task") or "transcribe"
    if task == "translate" and not multilingual:
        raise UsageError(f"{name} knows English alone and cannot translate; take a multilingual Whisper")
    return task


def word_times(options: LoadOptions) -> bool:
    """Whether words are to have times."""
    return options.option("word_times") == "yes"
