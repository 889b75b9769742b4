"""Writes a JSON Schema of each file that the program writes: `python -m tools.write_schemas` (docs/schemas).

What a field means is taken from the text under it in `harness.records`, so that the schemas cannot say otherwise.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from harness.records.baseline import Speeds
from harness.records.comparison import Comparison
from harness.records.conformance import Conformance
from harness.records.decision import Decision, Decisions
from harness.records.explanation import Explained, Timeline
from harness.records.health import Health
from harness.records.journal import Line
from harness.records.load import Load, Request
from harness.records.policy import Policy
from harness.records.run import RunRecord
from harness.records.scores import Scores
from harness.records.utterances import UtteranceScore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"

FILES: dict[str, type[msgspec.Struct]] = {
    "run": RunRecord,
    "journal_line": Line,
    "scores": Scores,
    "comparison": Comparison,
    "explanation": Explained,
    "timeline": Timeline,
    "decision": Decision,
    "decisions": Decisions,
    "policy": Policy,
    "baseline_speeds": Speeds,
    "conformance": Conformance,
    "utterance": UtteranceScore,
    "health": Health,
    "load": Load,
    "load_request": Request,
}
"""File of the schema, and the record that it describes."""


def schema_of(kind: type[msgspec.Struct]) -> dict[str, object]:
    """The JSON Schema of a record, each field with its meaning."""
    found = cast("dict[str, object]", msgspec.json.schema(kind))
    definitions = cast("dict[str, dict[str, object]]", found["$defs"])
    for record in _records(kind):
        properties = cast("dict[str, dict[str, object]]", definitions[record.__name__]["properties"])
        properties.get("version", {}).pop("default", None)  # that of the day; a schema is of the format
        renamed = {field.name: field.encode_name for field in msgspec.structs.fields(record)}
        for name, meaning in _meanings(record).items():
            properties[renamed[name]] = {"description": meaning, **properties[renamed[name]]}
    return found


def _records(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The record and all that it is made of, each once."""
    seen: list[type[msgspec.Struct]] = []
    left: list[msgspec.inspect.Type] = [msgspec.inspect.type_info(kind)]
    while left:
        one = left.pop()
        if isinstance(one, msgspec.inspect.StructType):
            if one.cls not in seen and not one.array_like:
                seen.append(one.cls)
                left += [field.type for field in one.fields]
        elif isinstance(one, msgspec.inspect.UnionType):
            left += one.types
        elif isinstance(one, msgspec.inspect.DictType):
            left.append(one.value_type)
        elif isinstance(one, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
            left.append(one.item_type)
        elif isinstance(one, msgspec.inspect.TupleType):
            left += one.item_types
    yield from seen


def _meanings(record: type[msgspec.Struct]) -> dict[str, str]:
    """The text under each field."""
    (body,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def texts() -> dict[Path, str]:
    """The content of every file of schemas."""
    return {
        FOLDER / f"{name}.schema.json": json.dumps(schema_of(kind), ensure_ascii=False, indent=1) + "\n"
        for name, kind in FILES.items()
    }


def main(arguments: Sequence[str]) -> int:
    """Writes them; with `--check` says which are not up to date."""
    stale = [path for path, text in texts().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        print(*(f"not up to date: {path}" for path in stale), sep="\n")
        return int(bool(stale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(texts()[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
