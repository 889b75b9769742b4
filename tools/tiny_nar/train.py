"""Trains tiny-nar: python -m tools.tiny_nar.train --data FOLDER --out FOLDER --minutes 82 27.

Two stages, each for so many minutes (what was spent is kept, so that the same command goes on where it was stopped):

1. `encoder`: the two CTC heads, over words at 12.5 Hz and over characters in the middle at 50 Hz.
2. `editor`: projector and editor with the encoder frozen. An editor that is shown good drafts learns to copy them and
   ignores the audio; so most drafts here have blanks in place of tokens, or wrong tokens. A CTC loss through the tied
   head makes the audio rows say words, and a loss on two attention heads shows each slot its word's rows (`Guide`).

One thread (OpenMP's waiting costs more than a second one earns on a shared machine), or --threads N.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from harness.models.granite_nar import decode
from harness.models.granite_nar.config import (
    EditorConfig,
    EncoderConfig,
    GraniteNarConfig,
    ProjectorConfig,
)
from harness.models.granite_nar.editor import rotated, rotation
from harness.models.granite_nar.network import GraniteNar
from harness.models.granite_nar.packing import Blocks, PackedLengths
from tools.tiny_nar.data import (
    BLANK,
    VOCABULARY,
    Batch,
    Exercise,
    Prepared,
    exercise,
    replaced_at_random,
)
from tools.tiny_nar.speech import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

log = logging.getLogger(__name__)

AVERAGED_FROM = 0.8
"""The share of a stage's time after which its weights are averaged."""

CONFIG = GraniteNarConfig(
    encoder=EncoderConfig(
        num_layers=6,
        hidden_dim=128,
        num_heads=4,
        dim_head=32,
        output_dim=128,
        bpe_output_dim=VOCABULARY,
        max_pos_emb=64,
        context_size=50,
        # Three frames, where the full size has 15: with a wide kernel words are heard without attention, and then a
        # wrong mask or a wrong position changes nothing that a test could see.
        conv_kernel_size=3,
        self_conditioning_layer=3,
    ),
    projector=ProjectorConfig(hidden_size=128, num_heads=4, encoder_dim=128, llm_dim=128),
    editor=EditorConfig(
        num_hidden_layers=4,
        hidden_size=128,
        intermediate_size=256,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        vocab_size=VOCABULARY,
        attention_multiplier=0.0625,
        residual_multiplier=0.5,
        logits_scaling=2.0,
        max_position_embeddings=1024,
    ),
    encoder_layer_indices=(2, 3, 5, -1),
    blank_token_id=BLANK,
)


def initialize(model: GraniteNar) -> None:
    """Small random weights for what torch starts too large or not at all."""
    for name, parameter in model.named_parameters():
        if "rel_pos_emb" in name or "embed_tokens" in name or name.endswith((".query", ".window_positions")):
            nn.init.normal_(parameter, std=0.05)


def ctc(logits: Tensor, packing: PackedLengths, words: Sequence[NDArray[np.int64]], blank: int) -> Tensor:
    """CTC loss a word of packed logits ``[total, classes]``."""
    probabilities = logits.float().log_softmax(dim=-1)
    padded = Blocks(packing, packing.longest).spread(probabilities).transpose(0, 1)
    counts = torch.tensor([len(each) for each in words])
    targets = torch.from_numpy(np.concatenate(words))
    lengths = torch.from_numpy(packing.lengths)
    loss = functional.ctc_loss(padded, targets, lengths, counts, blank, reduction="sum", zero_infinity=True)
    return loss / len(targets)


def spelled(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code points of a clip's words with spaces between them: the character head's classes."""
    return np.array([ord(letter) for letter in " ".join(WORDS[word] for word in words)], np.int64)


def encoder_loss(model: GraniteNar, batch: Batch) -> Tensor:
    """Both CTC losses."""
    encoded = model.encode(batch.features, batch.frames)
    pooled, windows = model.encoder.pooled(encoded, batch.frames)
    words = ctc(model.encoder.out_bpe(pooled), windows, batch.words, BLANK)
    characters = ctc(encoded.characters, batch.frames, [spelled(each) for each in batch.words], 0)
    return words + characters


def exercises(
    batch: Batch, real: list[NDArray[np.int64]], progress: float, chance: random.Random
) -> list[Exercise | NDArray[np.int64]]:
    """What the editor is shown of each clip: a damaged draft with its repair, or a real draft's slots alone."""
    made: list[Exercise | NDArray[np.int64]] = []
    for words, draft in zip(batch.words, real, strict=True):
        roll = chance.random()
        if roll < 0.6 * max(0.0, progress - 0.4):
            made.append(model_slots(replaced_at_random(draft, chance.choice((0.0, 0.2)), chance)))
        elif roll < 0.6:
            made.append(exercise(words, chance, blanked=chance.uniform(0.1, 0.6), replaced=0.0, moved=0.0))
        else:
            moved = chance.choice((0.0, 0.05))
            made.append(exercise(words, chance, blanked=0.0, replaced=chance.uniform(0, 0.5), moved=moved))
    return made


def model_slots(draft: NDArray[np.int64]) -> NDArray[np.int64]:
    """The editor's slots for a draft."""
    return decode.slots(draft, BLANK, CONFIG.min_edit_sequence_length)


def editor_loss(model: GraniteNar, batch: Batch, progress: float, chance: random.Random, guide: Guide) -> Tensor:
    """Cross-entropy of slots whose repair is known, CTC of the others, CTC of audio rows, and guided attention."""
    with torch.no_grad():
        encoded = model.encode(batch.features, batch.frames)
        real = model.draft(encoded, batch.frames)
    audio, tokens = model.projector(encoded.states, batch.frames)
    made = exercises(batch, real, progress, chance)
    shown = [each.slots if isinstance(each, Exercise) else each for each in made]
    edited = model.edit_slots(audio, tokens, shown)
    logits = model.language_model.logits(edited.text).float()
    heard = model.language_model.logits(edited.audio)
    loss = 0.5 * ctc(heard, tokens, batch.words, BLANK) + guide.loss(heard, tokens, edited.slots, batch.words, made)
    starts = edited.slots.starts
    tasks = [(number, each) for number, each in enumerate(made) if isinstance(each, Exercise)]
    free = [number for number, each in enumerate(made) if not isinstance(each, Exercise)]
    if tasks:
        rows = torch.cat([logits[starts[number] : starts[number + 1]] for number, _ in tasks])
        target = torch.from_numpy(np.concatenate([task.target for _, task in tasks]))
        shown_ids = torch.from_numpy(np.concatenate([task.slots for _, task in tasks]))
        # Slots that need repair are few: without weight, copying is nearly right. At the end they weigh what they are.
        weight = 1.0 + 3.0 * (1.0 - progress) * (shown_ids != target).float()
        each_slot = functional.cross_entropy(rows, target, reduction="none")
        loss = loss + 2 * (each_slot * weight).sum() / weight.sum() * len(tasks) / len(made)
    if free:
        rows = torch.cat([logits[starts[i] : starts[i + 1]] for i in free])
        packing = PackedLengths(edited.slots.lengths[free])
        loss = loss + ctc(rows, packing, [batch.words[i] for i in free], BLANK) * len(free) / len(made)
    return loss


class Guide:
    """Shows the editor where to look: a training-only loss on one attention head of two layers.

    What a slot must learn first is which audio rows hold its word, and the words alone teach that slowly. Once the
    audio rows say words themselves (their own CTC loss sees to that), it is known, and the first head is told.
    """

    def __init__(self, model: GraniteNar, layers: Sequence[int] = (1, 2), weight: float = 0.2) -> None:
        self.config, self.weight = model.config.editor, weight
        self.kept: dict[str, Tensor] = {}
        for layer in layers:
            attention = model.language_model.model.layers[layer].self_attn
            for name in ("q_proj", "k_proj"):
                getattr(attention, name).register_forward_hook(partial(self._keep, f"{name}{layer}"))
        self.layers = tuple(layers)

    def _keep(self, name: str, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        self.kept[name] = output

    def loss(
        self,
        heard: Tensor,
        tokens: PackedLengths,
        slots: PackedLengths,
        words: Sequence[NDArray[np.int64]],
        made: Sequence[Exercise | NDArray[np.int64]],
    ) -> Tensor:
        """Minus the log of the attention that each slot pays to the rows of its word, on average."""
        classes = heard.argmax(dim=-1).numpy()
        clips = PackedLengths(tokens.lengths + slots.lengths)
        turn = rotation(clips.positions, self.config.head_dim, self.config.rope_theta, torch.float32)
        losses = []
        for layer in self.layers:
            query, key = (
                rotated(self.kept[f"{name}{layer}"].unflatten(-1, (-1, self.config.head_dim)), turn)[:, 0]
                for name in ("q_proj", "k_proj")
            )
            for number, task in enumerate(made):
                own = classes[tokens.starts[number] : tokens.starts[number + 1]]
                owners = spoken_rows(own, words[number])
                if owners is None or not isinstance(task, Exercise):
                    continue
                places = np.flatnonzero(task.place >= 0)
                first, after = clips.starts[number], clips.starts[number + 1]
                asked = query[torch.from_numpy(first + len(own) + places)]
                scores = (asked @ key[first:after].T * self.config.attention_multiplier).log_softmax(dim=-1)
                mine = torch.from_numpy(owners[None, :] == task.place[places][:, None])
                losses.append(-scores[:, : len(own)].masked_fill(~mine, -1e9).logsumexp(dim=-1))
        if not losses:
            return heard.sum() * 0
        return self.weight * len(self.layers) * torch.cat(losses).mean()


def spoken_rows(classes: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Which word each audio row says, -1 for none; None where the rows do not say the clip's words."""
    if not np.array_equal(decode.collapsed(classes, BLANK), words):
        return None
    starts = (classes != BLANK) & np.concatenate([[True], classes[1:] != classes[:-1]])
    return np.where(classes != BLANK, np.cumsum(starts) - 1, -1)


@torch.no_grad()
def errors(model: GraniteNar, data: Prepared, share: float = 0.0) -> tuple[int, int, int]:
    """Word errors of the drafts and after editing, and words; with a share of the drafts' tokens replaced at random."""
    was = model.training
    model.eval()
    chance = random.Random(5)
    before = after = words = 0
    for start in range(0, len(data), 32):
        batch = data.batch(np.arange(start, min(start + 32, len(data))))
        encoded = model.encode(batch.features, batch.frames)
        drafts = [replaced_at_random(each, share, chance) for each in model.draft(encoded, batch.frames)]
        audio, tokens = model.projector(encoded.states, batch.frames)
        final = model.final(model.edit(audio, tokens, drafts))
        for truth, draft, said in zip(batch.words, drafts, final, strict=True):
            before += Levenshtein.distance(truth.tolist(), draft.tolist())
            after += Levenshtein.distance(truth.tolist(), said.tolist())
            words += len(truth)
    model.train(was)
    return before, after, words


class Average:
    """A running mean of a module's weights over some hundred steps: what is kept of the last part of a stage."""

    def __init__(self, module: nn.Module, decay: float = 0.998) -> None:
        self.module, self.decay = module, decay
        self.kept = {name: value.clone() for name, value in self._now().items()}

    def _now(self) -> dict[str, Tensor]:
        return {name: value for name, value in self.module.state_dict().items() if value.is_floating_point()}

    def add(self) -> None:
        """After a step."""
        for name, value in self._now().items():
            self.kept[name].lerp_(value, 1 - self.decay)

    def apply(self) -> None:
        """Makes the mean the module's weights."""
        self.module.load_state_dict(self.kept, strict=False)


class Trainer:
    """One stage: steps until its minutes are spent, with checkpoints to go on from."""

    def __init__(self, model: GraniteNar, stage: str, folder: Path, minutes: float, rate: float) -> None:
        self.model, self.stage, self.folder, self.minutes, self.rate = model, stage, folder, minutes, rate
        self.own = own = model.encoder if stage == "encoder" else nn.ModuleList([model.projector, model.language_model])
        model.requires_grad_(False)
        own.requires_grad_(True)
        self.parameters = [each for each in own.parameters() if each.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, foreach=True)
        self.spent, self.steps = 0.0, 0
        self.guide = Guide(model)
        self.restore()

    @property
    def progress(self) -> float:
        """Share of this stage's time that is spent."""
        return min(1.0, self.spent / (60 * self.minutes))

    def save(self) -> None:
        """Writes weights and the optimizer's state; never a half-written file."""
        names = {
            f"{number}.{key}": value
            for number, state in self.optimizer.state_dict()["state"].items()
            for key, value in state.items()
        }
        files = {"model.safetensors": self.model.state_dict(), f"{self.stage}.optimizer.safetensors": names}
        for name, tensors in files.items():
            save_file({key: value.contiguous() for key, value in tensors.items()}, self.folder / f"{name}.part")
            (self.folder / f"{name}.part").replace(self.folder / name)
        (self.folder / f"{self.stage}.json").write_text(json.dumps({"spent": self.spent, "steps": self.steps}))

    def restore(self) -> None:
        """Goes on where a run was stopped."""
        state = self.folder / f"{self.stage}.json"
        if not state.is_file():
            return
        found = json.loads(state.read_text())
        self.spent, self.steps = found["spent"], found["steps"]
        tensors = load_file(self.folder / f"{self.stage}.optimizer.safetensors")
        content = self.optimizer.state_dict()
        for name, value in tensors.items():
            number, _, key = name.partition(".")
            content["state"].setdefault(int(number), {})[key] = value
        self.optimizer.load_state_dict(content)
        log.info("%s goes on at %.1f of %.1f minutes", self.stage, self.spent / 60, self.minutes)

    def step(self, batch: Batch, chance: random.Random) -> float:
        """One step; its loss."""
        warm = min(1.0, (self.steps + 1) / 200)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress)))
        if self.stage == "encoder":
            loss = encoder_loss(self.model, batch)
        else:
            loss = editor_loss(self.model, batch, self.progress, chance, self.guide)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, 5.0)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.steps += 1
        return float(loss.detach())

    def run(self, data: Prepared, checks: dict[str, Prepared], seconds: float) -> None:
        """Steps until the time is spent; a checkpoint and a look at held-out data every four minutes."""
        self.model.train()
        if self.stage == "editor":
            self.model.encoder.eval()
        seed = self.steps + 1
        noise, chance = np.random.default_rng(seed), random.Random(seed)
        saved, heard, losses = time.monotonic(), 0.0, []
        average = None
        while self.progress < 1:
            for chosen in data.order(seconds, noise):
                began = time.monotonic()
                batch = data.batch(chosen, noise)
                losses.append(self.step(batch, chance))
                heard += batch.frames.total / 50
                self.spent += time.monotonic() - began
                if self.progress > AVERAGED_FROM:
                    average = average or Average(self.own)
                    average.add()
                if self.steps % 100 == 0:
                    log.info(
                        "%s step %d, %.1f min, loss %.3f, heard %.1f h",
                        self.stage,
                        self.steps,
                        self.spent / 60,
                        float(np.mean(losses)),
                        heard / 3600,
                    )
                    losses.clear()
                if average and self.progress >= 1:
                    average.apply()
                if time.monotonic() - saved > 240 or self.progress >= 1:
                    self.save()
                    self.report(checks)
                    saved = time.monotonic()
                    if self.stage == "editor":
                        self.model.encoder.eval()
                if self.progress >= 1:
                    break

    def report(self, checks: dict[str, Prepared]) -> None:
        """Logs errors on held-out data."""
        for name, data in checks.items():
            before, after, words = errors(self.model, data)
            line = f"{name}: draft {before}/{words} = {before / words:.1%}"
            if self.stage == "editor":
                damaged, repaired, _ = errors(self.model, data, 0.2)
                line += f", edited {after}/{words} = {after / words:.1%}; 20 % replaced: {damaged} -> {repaired}"
            log.info(line)
        self.model.train()


def main() -> None:
    """Both stages, then the checkpoint in the hub's format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that `prepare` wrote")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints go")
    parser.add_argument("--minutes", type=float, nargs=2, default=(82.0, 27.0), metavar=("ENCODER", "EDITOR"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = GraniteNar(CONFIG.check())
    initialize(model)
    if (arguments.out / "model.safetensors").is_file():
        model.load_state_dict(load_file(arguments.out / "model.safetensors"))
    data = Prepared(arguments.data / "train")
    checks = {name: Prepared(arguments.data / name) for name in ("held_out", "an4_test")}
    for stage, minutes, rate in (("encoder", arguments.minutes[0], 2e-3), ("editor", arguments.minutes[1], 1.5e-3)):
        trainer = Trainer(model, stage, arguments.out, minutes, rate)
        if trainer.progress < 1:
            trainer.run(data, checks, arguments.batch_seconds)


if __name__ == "__main__":
    main()
