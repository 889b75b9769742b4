"""Speculative decoding against the board's rule, written plainly for one clip over transformers' own parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness.errors import ModelError, UsageError
from harness.models.granite_speech import speculative, tasks
from harness.models.granite_speech.speculative import CHARACTERS, TOKENS, Rule
from harness.models.granite_speech.tasks import task_of, variant_of
from harness.models.hub import read_json
from harness.types import Clip, Usage
from tests.harness.models.granite_speech import tiny

Load = Callable[..., Any]

SECONDS = (0.7, 1.1, 2.34, 0.02, 1.33)


@dataclass
class Twin:
    """The rule for one clip."""

    alone: tiny.Alone
    decoder: Any
    """GraniteForCausalLM with the language model's weights."""
    head: dict[str, Tensor] | None
    """Of tokens; None where characters are drafted."""
    messages: list[dict[str, str]]

    def draft(self, waveform: NDArray[np.float32]) -> tuple[str, float, Tensor]:
        """Text, greatest entropy, and what the projector reads."""
        encoder, held = self.alone.network.model.encoder, []
        middle = encoder.layers[encoder.config.num_layers // 2 - 1]
        hook = middle.register_forward_hook(lambda _module, _inputs, output: held.append(output))
        hidden = encoder(tiny.features(waveform)).last_hidden_state
        hook.remove()
        own = hidden[0, :, -32:]  # of -plus, the last layer's
        if self.head is None:
            logits = encoder.out(own)
        else:
            weights = 1 - encoder.out(held[0])[0].softmax(-1)[:, 0]
            pooled = []
            for start in range(0, len(own), 4):
                share = weights[start : start + 4] / (weights[start : start + 4].sum() + 1e-8)
                pooled.append((own[start : start + 4] * share[:, None]).sum(0))
            logits = torch.stack(pooled) @ self.head["weight"].T + self.head["bias"]
        likely = logits.softmax(-1)
        entropy = -(likely * torch.log(likely + 1e-10)).sum(-1)
        kept = [each for each in torch.unique_consecutive(likely.argmax(-1)).tolist() if each > 0]
        spelled = "".join(map(chr, kept)) if self.head is None else self.alone.tokenizer.decode([k - 1 for k in kept])
        return (spelled if kept else "").strip(), float(entropy.max()) if kept else float("inf"), hidden

    def prompt(self, hidden: Tensor) -> Tensor:
        """Embeddings of the prompt with the audio in it."""
        template = self.alone.tokenizer.apply_chat_template(self.messages, tokenize=False, add_generation_prompt=True)
        before, after = (self.embedded(part) for part in template.split("<|audio|>"))
        return torch.cat([before, self.alone.network.model.projector(hidden)[0], after])

    def embedded(self, text: str) -> Tensor:
        """Of a text's tokens."""
        ids = self.alone.tokenizer.encode(text, add_special_tokens=False)
        found: Tensor = self.decoder.model.embed_tokens(torch.tensor(ids, dtype=torch.long))
        return found

    def likely(self, text: str, hidden: Tensor) -> list[float]:
        """The probability of each token of a draft."""
        ids, prompt = self.alone.tokenizer.encode(text, add_special_tokens=False), self.prompt(hidden)
        found = []
        for place, token in enumerate(ids):  # one at a time, so that none can see itself
            so_far = self.decoder.model.embed_tokens(torch.tensor(ids[:place], dtype=torch.long))
            logits = self.decoder(inputs_embeds=torch.cat([prompt, so_far])[None]).logits[0, -1]
            found.append(float(logits.softmax(-1)[token]))
        return found

    def written(self, hidden: Tensor) -> str:
        """With a beam of two."""
        prompt = self.prompt(hidden)[None]
        output = self.decoder.generate(
            inputs_embeds=prompt, attention_mask=torch.ones(prompt.shape[:2], dtype=torch.long),
            bos_token_id=tiny.END, pad_token_id=tiny.END + 1, eos_token_id=tiny.END, max_new_tokens=200, num_beams=2,
            early_stopping=True, do_sample=False,
        )  # fmt: skip
        spelled: str = self.alone.tokenizer.decode(output[0], skip_special_tokens=True)
        return spelled.strip()


def twin(folder: Path) -> Twin:
    variant = variant_of("", read_json(folder / "config.json")["model_type"], lora=False)
    alone = tiny.alone(folder)
    own: Any = transformers.GraniteForCausalLM
    decoder = own(alone.network.config.text_config).eval()
    decoder.model.load_state_dict(alone.network.model.language_model.state_dict())
    decoder.lm_head.load_state_dict(alone.network.lm_head.state_dict())
    head = folder / "out_llm.safetensors"
    return Twin(alone, decoder, load_file(head) if head.is_file() else None, task_of("", variant, None, ()).messages)


@pytest.fixture(params=["tokens", "characters", "plus"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, base: Path, plus: Path) -> Path:
    found = tmp_path / "model"
    shutil.copytree(plus if request.param == "plus" else base, found)
    if request.param == "tokens":
        tiny.token_head(found)
        weights = load_file(found / "model.safetensors")
        weights["encoder.out.bias"][0] = 6.0  # frames differ in how blank they are, so that their weights do
        save_file(weights, found / "model.safetensors", metadata={"format": "pt"})
    return found


def test_drafts_are_taken_and_texts_written_as_the_board_does(folder: Path, load: Load) -> None:
    model, slow, clips = load(folder, "decoding=speculative"), twin(folder), tiny.spoken(SECONDS)
    with torch.no_grad():
        drafts = [slow.draft(clip.waveform) for clip in clips]
        likely = [min(slow.likely(text, hidden), default=-1.0) for text, _, hidden in drafts]
        written = [slow.written(hidden) for _, _, hidden in drafts]
    assert all(text for text, _, _ in drafts)
    batch = model.transfer(model.features(clips))
    with torch.inference_mode():
        own = model._speculation.draft(model.network.hear(batch.rows, batch.frames))
    # Entropies show how frames were weighed, which the likeliest tokens seldom do.
    assert [draft.entropy for draft in own] == pytest.approx([entropy for _, entropy, _ in drafts], rel=1e-4)
    by_likely, by_entropy = sorted(likely), sorted(entropy for _, entropy, _ in drafts)
    settled = set()
    for confidence, gate in (
        (0.0, 0.0),
        (by_likely[2] * 0.999, by_entropy[1] * 1.001),
        (by_likely[2] * 1.001, 0.0),
        (2.0, 0.0),
    ):
        model._speculation.rule = Rule(confidence=confidence, gate=gate)
        made = tiny.heard(model, clips)
        for one, (draft, entropy, _), least, anew in zip(made, drafts, likely, written, strict=True):
            taken = entropy <= gate or least >= confidence
            size = len(slow.alone.tokenizer.encode(draft, add_special_tokens=False))
            assert one.draft == draft
            assert one.text == (draft if taken else anew)
            assert one.usage is not None
            assert (one.usage.drafted, one.usage.accepted) == (size, size if taken else 0)
            settled.add(taken)
        if confidence == by_likely[2] * 0.999:
            assert tiny.heard(model, clips[::-1])[::-1] == made
            assert [tiny.heard(model, [clip])[0] for clip in clips] == made
    assert settled == {True, False}


def test_the_boards_numbers() -> None:
    assert Rule(confidence=0.4, gate=0.0, beams=2) == TOKENS
    assert Rule(confidence=0.2, gate=0.7, beams=2) == CHARACTERS


def test_who_drafts_is_what_the_checkpoint_has(base: Path, tmp_path: Path, load: Load) -> None:
    folders = [tmp_path / name for name in ("beside", "inside")]
    for folder in folders:
        shutil.copytree(base, folder)
        tiny.token_head(folder, inside=folder.name == "inside")
    clips, beside, inside = tiny.spoken(SECONDS), *(load(folder, "decoding=speculative") for folder in folders)
    assert tiny.heard(beside, clips) == tiny.heard(inside, clips)
    assert beside._speculation.rule == inside._speculation.rule == TOKENS
    assert beside.card.note == (
        "mode raw, speculative: drafts by the token head, confidence 0.4, entropy gate 0.0,"
        " 2 beams where one is refused"
    )
    assert inside.card.note == beside.card.note
    unused = load(folders[1]).card.note
    assert unused == "mode raw, greedy; not used of its weights: model.encoder.out_bpe.bias and 1 more"
    by_characters = load(base, "decoding=speculative")
    assert by_characters._speculation.rule == CHARACTERS
    assert by_characters.card.note.startswith("mode raw, speculative: drafts by the character head, confidence 0.2")
    greedy = load(folders[0], "decoding=greedy")
    assert greedy._speculation is None
    assert greedy.network.encoder.config.bpe_output_dim == 0
    assert tiny.heard(greedy, clips) == tiny.heard(load(base), clips)
    assert greedy.card.parameters == by_characters.card.parameters


def test_the_published_model_drafts_by_its_own_head(base: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tasks.KNOWN, str(base), tasks.BASE)
    assert not load(base).speculates
    with pytest.raises(ModelError, match=r"has no out_llm\.safetensors, whose drafts are those of"):
        load(base, "decoding=speculative")


def test_pieces_do_not_change_anything(base: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model, clips = load(base, "decoding=speculative"), tiny.spoken(SECONDS)
    model._speculation.rule = Rule(confidence=0.002, gate=0.0)
    whole = tiny.heard(model, clips)
    monkeypatch.setattr(speculative, "CHUNK", 7)
    assert tiny.heard(model, clips) == whole


def test_a_sure_draft_is_not_read_again(base: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model, clips = load(base, "decoding=speculative"), tiny.spoken([0.7, 1.1])
    model._speculation.rule = Rule(confidence=2.0, gate=100.0)
    monkeypatch.setattr(model.network.decoder, "forward", lambda **_: pytest.fail("the language model was asked"))
    monkeypatch.setattr(model.network.decoder.model, "forward", lambda **_: pytest.fail("the language model was asked"))
    made = tiny.heard(model, clips)
    assert [one.text for one in made] == [one.draft for one in made]
    for one in made:
        assert one.usage is not None
        assert one.usage.drafted == one.usage.accepted == one.usage.tokens
        assert one.usage.tokens


def test_nothing_drafted_is_written_anew(base: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model, clips, asked = load(base, "decoding=speculative"), tiny.spoken([0.7, 0.3]), dict[str, Any]()
    generate = model.network.decoder.generate
    monkeypatch.setattr(model.network.decoder, "generate", lambda **how: (asked.update(how), generate(**how))[1])
    model.network.encoder.out.bias[0] = 1000.0  # blanks only
    made = tiny.heard(model, [*clips, Clip(id="empty", language="en", waveform=np.zeros(0, np.float32))])
    assert [(one.draft, one.usage.drafted, one.usage.accepted) for one in made[:2] if one.usage] == [("", 0, 0)] * 2
    assert all(one.text for one in made[:2])
    assert (asked["num_beams"], asked["early_stopping"], asked["max_new_tokens"]) == (2, True, 200)
    assert (made[2].text, made[2].usage) == ("", Usage(tokens=0))


def test_where_there_is_no_draft_of_it_it_is_refused(plus: Path, base: Path, load: Load) -> None:
    with pytest.raises(UsageError, match="decoding=speculative: drafts are of mode raw, not timestamps"):
        load(plus, "decoding=speculative", "mode=timestamps")
    with pytest.raises(UsageError, match="drafts are of mode raw, not keywords"):
        load(base, "decoding=speculative", keywords=("a",))
