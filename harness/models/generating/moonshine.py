"""Moonshine in full batches: its norm over a whole clip is taken over the clip's own frames.

The library takes it over the batch's padding too, and its mask calls frames a clip's own that reach beyond its end; so
clips of other lengths would change a transcript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from harness.models.generating.family import Asked, Parts

_STRIDE = 64 * 3 * 2
"""Samples from one of the encoder's frames to the next: the strides of its convolutions."""


def mask_norm(network: Any, _parts: Parts, _asked: Asked) -> None:
    """Changes the encoder in place."""
    encoder = network.get_encoder()
    norm = encoder.groupnorm = _clip_norm(encoder.groupnorm, encoder.conv1)

    def own_frames(_encoder: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        import torch

        mask: torch.Tensor = kwargs["attention_mask"]
        norm.samples = mask.sum(-1)
        frames = norm.samples
        for convolution in (encoder.conv1, encoder.conv2, encoder.conv3):
            frames = _frames(frames, convolution)
        last = (frames - 1) * _STRIDE
        kept = torch.arange(mask.shape[-1], device=mask.device) <= last[:, None]  # it takes every 384th of these
        return args, kwargs | {"attention_mask": kept.to(mask.dtype)}

    encoder.register_forward_pre_hook(own_frames, with_kwargs=True)


def _frames(length: torch.Tensor, convolution: Any) -> torch.Tensor:
    """How many frames a convolution makes of so many without reaching beyond them."""
    kernel, stride = convolution.kernel_size[0], convolution.stride[0]
    frames: torch.Tensor = (length - kernel) // stride + 1
    return frames


def _clip_norm(norm: Any, convolution: Any) -> Any:
    """The group norm of one group, over the frames that each clip's ``samples`` give; set before each batch."""
    import torch
    from torch import nn

    class ClipNorm(nn.Module):
        samples: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias = norm.weight, norm.bias

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            """Of ``[clips, channels, frames]``."""
            own = _frames(self.samples, convolution)
            mask = (torch.arange(hidden.shape[-1], device=hidden.device) < own[:, None])[:, None]
            count = own[:, None, None].float() * hidden.shape[1]
            values = hidden.float()
            mean = torch.where(mask, values, 0).sum((1, 2), keepdim=True) / count
            variance = torch.where(mask, values - mean, 0).square().sum((1, 2), keepdim=True) / count
            scaled = (values - mean) * torch.rsqrt(variance + norm.eps)
            normed: torch.Tensor = scaled * self.weight[:, None] + self.bias[:, None]
            return normed.to(hidden.dtype)

    return ClipNorm()
