#!/usr/bin/env bash
# An engineer with recordings and references: which model is it to be, where is it wrong, a page for the colleagues.
# Run in an empty folder, with `run-eval` of the installed wheel on the path. Only what README and docs say is used.
set -euo pipefail

if [ -n "$(ls -A)" ]; then echo "run this in an empty folder" >&2; exit 1; fi

# The recordings: a table with a path, what is said, and who says it (docs/your_own_data.md).
python - "${CLIPS:-12}" <<'PY'
import csv, json, shutil, sys
from pathlib import Path
import benchmarks.corpora as corpora

source = Path(corpora.__path__[0]) / "digits_audio"
rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
rows = rows[:: max(1, len(rows) // int(sys.argv[1]))][: int(sys.argv[1])]
Path("recordings").mkdir()
with open("calls.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["audio", "text", "speaker"])
    for row in rows:
        name = Path(row["audio"]).name
        shutil.copy(source / name, Path("recordings") / name)
        table.writerow([f"recordings/{name}", row["text"], name.rsplit("_", 1)[0]])
PY

echo "== what is it read as, and is anything wrong with it?"
run-eval data describe calls.csv | tee described.txt
grep -Eq "rows used +${CLIPS:-12}$" described.txt
run-eval data check calls.csv > check.txt

echo "== which model?"
run-eval --data calls.csv --model tiny-nar --model pocketsphinx --profile verbatim --name first | tee table.txt
grep -q "first-tiny-nar" table.txt
run-eval runs | tee runs.txt
test "$(grep -c 'yes' runs.txt)" -eq 2
best=results/runs/data_calls/first-tiny-nar
other=results/runs/data_calls/first-pocketsphinx
run-eval compare "$best" "$other" | tee compared.txt

echo "== where is it wrong?"
run-eval score "$other" --details --slice speaker > details.txt
grep -q "Slices: speaker" details.txt
grep -q "most frequent errors" details.txt
run-eval score "$other" --per-utterance utterances.csv --alignments alignments.txt > /dev/null
grep -q "^Eval:" alignments.txt
test "$(wc -l < utterances.csv)" -gt "${CLIPS:-12}"

echo "== a page for the colleagues"
run-eval report "$best" "$other" --out report --audio-mb 20 | tail -3
test -s report/index.html
test -s report/table.csv
grep -q "first-tiny-nar" report/table.csv

echo "engineer: done"
