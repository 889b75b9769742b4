"""The schemas in docs are those of the records, and what is written keeps to them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tools.write_schemas import FILES, FOLDER, schema_of, texts

FORMAT_1 = Path(__file__).parents[1] / "data" / "format_1" / "digits" / "tiny-nar"


def test_they_are_up_to_date() -> None:
    stale = [path.name for path, text in texts().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run `python -m tools.write_schemas`"
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in texts()}


def test_fields_have_their_meaning() -> None:
    line = schema_of(FILES["journal_line"])["$defs"]
    assert isinstance(line, dict)
    assert line["Line"]["properties"]["audio_seconds"]["description"] == "Seconds of audio that the model was given."


def test_what_is_written_keeps_to_its_schema() -> None:
    from harness.records.codec import encode
    from harness.records.journal import read_journal
    from harness.records.run import read_run_record
    from harness.scoring.predictions import read_systems
    from harness.scoring.resolve import resolve_profile
    from harness.scoring.score import score_systems

    (system,) = read_systems([FORMAT_1])
    records: dict[str, list[object]] = {
        "run": [read_run_record(FORMAT_1)],
        "journal_line": list(read_journal(FORMAT_1 / "digits.jsonl").lines),
        "scores": list(score_systems([system], [resolve_profile(system)])),
    }
    for name, found in records.items():
        validator = jsonschema.Draft202012Validator(schema_of(FILES[name]))
        for record in found:
            validator.validate(json.loads(encode(record)))
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(json.loads(encode(found[0])) | {"format": "two"})
