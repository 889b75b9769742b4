#!/usr/bin/env bash
# What a release engineer does, from an empty folder with the wheel: every command of docs/gate.md, in its order and as it
# stands there, with `run-eval` in place of `python run_eval.py`. A command that ends otherwise than the page says, or does
# not print what the page shows, ends this script: then a step needs more than the page says.
#   tests/journeys/release.sh [BIN]     BIN: the programs of an environment that has the wheel; else the one on the path, else a
#                                       new one is made
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=${1:-$(dirname "$(command -v run-eval || true)")}
[ "$programs" != . ] || programs=
if [ -z "$programs" ]; then
  mkdir "$work/source"
  cp -r "$root"/{harness,benchmarks,results,pyproject.toml,setup.py,README.md,LICENSE,NOTICE} "$work/source"
  python3 -m pip wheel --quiet --no-deps --wheel-dir "$work/wheel" "$work/source"
  python3 -m venv "$work/venv"
  programs=$work/venv/bin
  "$programs/pip" install --quiet -c "$root/constraints.txt" "$work"/wheel/*.whl
fi
programs=$(cd "$programs" && pwd)
mkdir -p "$work/project/docs/examples" && cd "$work/project"
# The engineer's recordings and models: the page makes them with this program, which is no part of the wheel.
cp "$root/docs/examples/gate_example.py" docs/examples/
git init --quiet
export PATH=$programs:$PATH
unset PYTHONPATH
steps=0 kind='' output=$work/output
while IFS= read -r line || [ -n "$line" ]; do
  case $kind,$line in
    ,'```sh'*) kind=sh status=0 block='' ; [[ $line =~ exit=([0-9]) ]] && status=${BASH_REMATCH[1]} ;;
    ,'```text') kind=text ;;
    ,'```'*) kind=other ;;
    sh,'```')
      kind='' steps=$((steps + 1)) ended=0
      bash -eo pipefail -c "${block//python run_eval.py/run-eval}" > "$output" 2> "$work/errors" || ended=$?
      if [ "$ended" != "$status" ]; then
        printf 'step %s ended with %s, docs/gate.md says %s:\n%s' "$steps" "$ended" "$status" "$block" >&2
        cat "$output" "$work/errors" >&2
        exit 1
      fi
      echo "step $steps: $(head -n 1 <<< "$block")"
      ;;
    *,'```') kind='' ;;
    sh,*) block+=$line$'\n' ;;
    text,*)
      if ! grep -qF -- "$line" "$output"; then
        printf 'step %s did not print what docs/gate.md shows: %s\n' "$steps" "$line" >&2
        cat "$output" >&2
        exit 1
      fi
      ;;
  esac
done < "$root/docs/gate.md"
[ "$steps" -gt 0 ] || { echo "docs/gate.md has no step" >&2; exit 1; }
[ -s report/index.html ] && [ -s gate.xml ] && [ -s gate.md ] || { echo "page, JUnit XML or comment is missing" >&2; exit 1; }
git add baselines && git -c user.name=A -c user.email=a@example.org commit --quiet -m "Baseline"
echo "$steps steps, as docs/gate.md says"
echo "release: done"
