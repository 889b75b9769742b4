"""What a Whisper must be told before it speaks, where its generation_config.json lacks it: ids of languages, tasks.

Old fine-tunes have no such file, or one without languages. Decoding then begins without a language, and what comes out
is in none, or in another; so what is lacking is read off the tokenizer, which has the same labels by name.
"""

from typing import Any

from harness.errors import ModelError

ENGLISH_VOCABULARY = 51_864
"""Labels of OpenAI's English Whispers, whose tokenizer lists languages all the same."""

_NEEDED = ("<|startoftranscript|>", "<|notimestamps|>", "<|endoftext|>")
_TASKS = ("transcribe", "translate")


def complete(network: Any, tokenizer: Any, name: str) -> tuple[dict[str, int] | None, str]:
    """Fills in the network's generation config.

    Args:
        network: a `WhisperForConditionalGeneration`.
        tokenizer: the checkpoint's.
        name: of the checkpoint, for messages.

    Returns:
        The ids of languages by label such as ``<|de|>``, or None where the model knows English alone; and a note of
        what the tokenizer had to tell.

    Raises:
        ModelError: the tokenizer is another model's, or nothing names the languages of a multilingual model.
    """
    config, labels = network.generation_config, tokenizer.get_vocab()
    _check(network, labels, name)
    lacking = []
    named = _languages(labels)
    multilingual = getattr(config, "is_multilingual", None)
    if multilingual is None:
        told = bool(getattr(config, "lang_to_id", None))
        multilingual = told or (bool(named) and network.config.vocab_size != ENGLISH_VOCABULARY)
        config.is_multilingual = multilingual
        lacking.append("whether it is multilingual")
    if getattr(config, "no_timestamps_token_id", None) is None:
        config.no_timestamps_token_id = labels["<|notimestamps|>"]
        lacking.append("timestamps")
    if getattr(config, "decoder_start_token_id", None) is None:
        config.decoder_start_token_id = labels["<|startoftranscript|>"]
    if not multilingual:
        return None, _note(lacking)
    if not getattr(config, "lang_to_id", None):
        if not named:
            raise ModelError(
                f"{name} is multilingual, but neither its generation_config.json (lang_to_id) nor its tokenizer names"
                " a language; copy both from the checkpoint that it was made of"
            )
        config.lang_to_id = named
        lacking.append("languages")
    if not getattr(config, "task_to_id", None):
        config.task_to_id = {task: labels[f"<|{task}|>"] for task in _TASKS if f"<|{task}|>" in labels}
        if "transcribe" not in config.task_to_id:
            raise ModelError(f"{name}: neither generation_config.json nor the tokenizer has the task <|transcribe|>")
        lacking.append("tasks")
    config.forced_decoder_ids = None  # a language of its own, from training, that ours takes the place of
    return dict(config.lang_to_id), _note(lacking)


def _check(network: Any, labels: dict[str, int], name: str) -> None:
    """Raises where the tokenizer cannot be this network's."""
    for label in _NEEDED:
        if label not in labels:
            raise ModelError(f"{name}: the tokenizer has no {label}: it is not a Whisper's")
        if labels[label] >= network.config.vocab_size:
            raise ModelError(
                f"{name}: the tokenizer has {label} as {labels[label]}, the network {network.config.vocab_size} labels:"
                " it is another model's"
            )
    start = labels["<|startoftranscript|>"]
    stated = (network.config.decoder_start_token_id, network.generation_config.decoder_start_token_id)
    if any(one is not None for one in stated) and start not in stated:
        raise ModelError(
            f"{name}: the tokenizer has <|startoftranscript|> as {start}, the configuration begins with"
            f" {next(one for one in stated if one is not None)}: it is another model's"
        )


def _languages(labels: dict[str, int]) -> dict[str, int]:
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    return {f"<|{code}|>": labels[f"<|{code}|>"] for code in LANGUAGES if f"<|{code}|>" in labels}


def _note(lacking: list[str]) -> str:
    return f"read off the tokenizer, since generation_config.json lacks it: {', '.join(lacking)}" if lacking else ""
