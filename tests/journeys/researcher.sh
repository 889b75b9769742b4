#!/usr/bin/env bash
# A researcher with a suite and predictions of another system: a table for the paper, whether the difference is real, a plot.
# Run in an empty folder, with `run-eval` of the installed wheel on the path. Only what README and docs say is used.
set -euo pipefail

if [ -n "$(ls -A)" ]; then echo "run this in an empty folder" >&2; exit 1; fi
SUITE=${SUITE:-sample} MODEL=${MODEL:-hama}

echo "== our model on the suite"
run-eval --suite "$SUITE" --model "$MODEL" ${LIMIT:+--limit "$LIMIT"} --name ours
run=results/runs/$SUITE/ours
test -s "$run/scores.json"
run-eval score "$run" --per-utterance utterances.csv > /dev/null

# What another system wrote of the same utterances, a file a benchmark: id, text, pred_text (docs/scoring.md).
python - <<'PY'
import csv, json
from pathlib import Path

Path("theirs").mkdir()
files = {}
for number, row in enumerate(csv.DictReader(open("utterances.csv", newline=""))):
    words = row["reference"].split()
    heard = words[1:] if number % 2 else words
    line = {"id": row["id"], "text": row["reference"], "pred_text": " ".join(heard)}
    files.setdefault(row["benchmark"], []).append(json.dumps(line) + "\n")
for name, lines in files.items():
    Path(f"theirs/MODEL_theirs_DATASET_{name}.jsonl").write_text("".join(lines))
PY

echo "== theirs under the same rules"
run-eval score theirs --suite "$SUITE" --json > theirs.json
python -c "import json; assert json.load(open('theirs.json'))[0]['model'] == 'theirs'"

echo "== is the difference real?"
run-eval compare "$run" theirs --suite "$SUITE" | tee compared.txt
grep -q "A: ours. B: theirs." compared.txt
grep -q "MAPSSWE" compared.txt

echo "== table and plot of the paper"
run-eval report "$run" theirs --suite "$SUITE" --out paper --pdf | tail -2
grep -q 'toprule' paper/table.tex
grep -q 'ours' paper/table.tex
grep -q 'theirs' paper/table.tex
head -c 5 paper/wer.pdf | grep -q '%PDF-'
head -c 5 paper/rtfx_wer.pdf | grep -q '%PDF-'

echo "researcher: done"
