"""How many of something there are, in words."""


def amount(count: float, one: str, several: str = "") -> str:
    """``1 utterance``, ``2,620 utterances``.

    `several` is for what does not just take an s, a verb with it too: ``amount(n, "text is", "texts are")``.
    """
    said = f"{count:,}" if isinstance(count, int) else f"{count:,.10g}"
    return f"{said} {one if count == 1 else several or f'{one}s'}"
