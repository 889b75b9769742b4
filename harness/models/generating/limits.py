"""How a batch is generated: greedily, each row to its own limit, and watched for what is no number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NOT_FOLLOWED = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "max_length")
"""Settings of sampling, and a length that is not the clip's."""


def without_sampling(settings: Any) -> None:
    """Clears what generation_config.json says and greedy decoding does not follow; the library would warn of it."""
    for name in _NOT_FOLLOWED:
        setattr(settings, name, None)


def own_limits(limits: Sequence[int]) -> Any:
    """A stopping criterion that ends each row at its own limit, so that a batch ends with its last row.

    Its ``begin`` is the number of tokens that stand before the first generated one, in what `generate` returns: the
    library may put a start token before a prompt, or leave the prompt out, so they are counted and not assumed.
    """
    import torch
    from transformers import StoppingCriteria

    class OwnLimits(StoppingCriteria):
        begin: int | None = None

        def __call__(self, ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
            if self.begin is None:
                self.begin = ids.shape[1] - 1
            return torch.tensor(limits, device=ids.device) <= ids.shape[1] - self.begin

    return OwnLimits()


def watched(rows: int) -> Any:
    """A logits processor that notes in ``numbers``, bool ``[rows]``, which rows had nothing but numbers.

    It comes after those that suppress tokens, which they do with minus infinity: that is no fault.
    """
    import torch
    from transformers import LogitsProcessor

    class Watched(LogitsProcessor):
        numbers = torch.ones(rows, dtype=torch.bool)

        def __call__(self, _ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            self.numbers = self.numbers.to(scores.device) & ~(scores.isnan() | scores.isposinf()).any(-1)
            return scores

    return Watched()
