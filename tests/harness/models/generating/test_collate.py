from __future__ import annotations

import torch

from harness.models.generating.collate import as_tensors, group, prompt_length, together


def test_text_is_filled_on_the_left_and_audio_on_the_right() -> None:
    short = {
        "input_ids": torch.tensor([[5, 6]]),
        "attention_mask": torch.tensor([[1, 1]]),
        "input_features": torch.ones(1, 2, 3),
        "input_features_mask": torch.ones(1, 3, dtype=torch.long),
    }
    long = {
        "input_ids": torch.tensor([[1, 2, 3]]),
        "attention_mask": torch.tensor([[1, 1, 1]]),
        "input_features": torch.full((1, 2, 4), 2.0),
        "input_features_mask": torch.ones(1, 4, dtype=torch.long),
    }
    batch = together([short, long], 9)
    assert batch["input_ids"].tolist() == [[9, 5, 6], [1, 2, 3]]
    assert batch["attention_mask"].tolist() == [[0, 1, 1], [1, 1, 1]]
    assert batch["input_features"].tolist()[0] == [[1.0, 1.0, 1.0, 0.0]] * 2
    assert batch["input_features_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


def test_a_mask_of_audio_is_filled_on_the_right_where_there_is_no_text() -> None:
    clips = [{"input_values": torch.ones(1, size), "attention_mask": torch.ones(1, size)} for size in (2, 3)]
    assert together(clips, 9)["attention_mask"].tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]


def test_windows_of_clips_follow_each_other() -> None:
    clips = [{"input_ids": torch.ones(1, 1), "input_features": torch.full((rows, 2), float(rows))} for rows in (1, 3)]
    assert together(clips, 0)["input_features"].tolist() == [[1.0, 1.0]] + [[3.0, 3.0]] * 3


def test_what_may_share_a_call() -> None:
    def clip(prompt: int, audio: int) -> dict[str, torch.Tensor]:
        return {"decoder_input_ids": torch.ones(1, prompt), "input_features": torch.ones(1, audio)}

    assert group(clip(2, 5), pads=True) == group(clip(2, 6), pads=True) != group(clip(3, 5), pads=True)
    assert group(clip(2, 5), pads=False) == group(clip(2, 5), pads=False) != group(clip(2, 6), pads=False)
    assert prompt_length(clip(4, 1)) == 4
    assert prompt_length({"input_ids": torch.ones(1, 3)}) == 3
    assert prompt_length({"input_features": torch.ones(1, 3)}) == 0


def test_what_is_no_tensor_stays_behind() -> None:
    assert list(as_tensors({"input_ids": torch.ones(1), "audio_chunk_index": [(0, None)]})) == ["input_ids"]
