"""The other door: a hub model's own code, for users who said `--trust-remote-code`.

The repository's Python files run on this machine with the user's rights. They run at a full commit hash only: a branch
may hold other code tomorrow than what was read today. The classes are expected to have the interface of the Granite NAR
model's card: ``processor(audios, device=...)`` -> tensors, ``model.transcribe(**tensors)`` -> ``.preds``, one tensor of
token ids a clip, and ``processor.batch_decode(preds)`` -> texts. What such a model's transcripts depend on is its own
affair: nothing is claimed of its batches, and weights are read as safetensors only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.errors import ModelError, UsageError
from harness.models import _transformers as shared
from harness.models._per_clip import finite
from harness.models.base import Adapter, LoadOptions
from harness.models.hub import Checkpoint, fetch, is_commit, is_local
from harness.models.versions import TORCH
from harness.types import Clip, Hypothesis

NAME = "remote_code"


class RemoteCode(shared.TorchModel):
    """Classes that `AutoModel` and `AutoProcessor` find through the repository's ``auto_map``."""

    def __init__(self, checkpoint: Checkpoint, options: LoadOptions) -> None:
        import torch
        import transformers

        self.device = shared.torch_device(options)
        kwargs = {"trust_remote_code": True, "local_files_only": True}
        library: Any = transformers  # not all of it is typed
        try:
            with shared.quiet():
                self._processor = library.AutoProcessor.from_pretrained(checkpoint.folder, **kwargs)
                self._network, info = library.AutoModel.from_pretrained(
                    checkpoint.folder,
                    output_loading_info=True,
                    dtype=getattr(torch, options.dtype),
                    use_safetensors=True,
                    **shared.attention_argument(checkpoint, options),
                    **kwargs,
                )
        except Exception as error:
            why = shared.one_line(error)
            raise ModelError(f"the code of {checkpoint.name} at {checkpoint.revision} failed: {why}") from error
        shared.check_whole(self._network, info, checkpoint)
        for owner, method in ((self._network, "transcribe"), (self._processor, "batch_decode")):
            if not callable(getattr(owner, method, None)):
                lacks = f"{type(owner).__name__} has no method {method}"
                raise ModelError(f"{checkpoint.name} cannot be run by its own code: {lacks}")
        self._network.eval().to(self.device)
        note = f"the repository's own code, trusted by the user, at {checkpoint.revision}"
        self.card = shared.card_of(checkpoint, self._network, note=note)

    def features(self, clips: Sequence[Clip]) -> Any:
        """What the processor makes of the waveforms, on the device where it can."""
        import torch

        audios = [torch.from_numpy(np.array(finite(clip.waveform))) for clip in clips]
        return self._processor(audios, device=self.device)

    def transfer(self, features: Any) -> dict[str, object]:
        """The same on the device."""
        return {name: each.to(self.device) if hasattr(each, "to") else each for name, each in dict(features).items()}

    def infer(self, features: dict[str, object]) -> list[Any]:
        """Token ids, a tensor a clip."""
        import torch

        with torch.inference_mode():
            return list(self._network.transcribe(**features).preds)

    def text(self, output: list[Any]) -> list[Hypothesis]:
        """One hypothesis a clip, as far as the code gives one."""
        return [Hypothesis(text=str(text)) for text in self._processor.batch_decode(output)]


def _load(name: str, options: LoadOptions) -> RemoteCode:
    if not options.trust_remote_code:
        raise UsageError(f"{name} brings its own code, which runs only where --trust-remote-code is given")
    if not is_local(name) and not is_commit(options.revision):
        raise UsageError(
            f"--trust-remote-code runs code of {name}: name the commit whose code you have read, as --revision and 40"
            f" hex digits, not {options.revision or 'the newest'}"
        )
    return RemoteCode(fetch(name, options.revision, code=True), options)


ADAPTER = Adapter(
    name=NAME,
    tried="a repository made by the tests",
    summary="with --trust-remote-code: a hub model's own code, at a pinned commit",
    load=_load,
    requires=("torch", "transformers"),
    packages=TORCH,
)
