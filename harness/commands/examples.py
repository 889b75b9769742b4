"""The examples that `--help` of each command ends with. The tests try them: every flag is one that is there."""

EXAMPLES = {
    "run": (
        "--suite sample",
        "--data calls.jsonl --model whisper-tiny.en --name nightly-2026-11-25",
        "--suite open_asr --model openai/whisper-tiny.en --limit 100 --device cuda:1",
        "--config eval.toml",
    ),
    "launch": (
        "launch --on slurm --shards 8 --job-option=--gres=gpu:1 -- --suite open_asr --device cuda",
        "launch --on hf-jobs --shards 4 --bucket ORG/runs --image IMAGE --job-option=--flavor=l4x1 -- --suite open_asr",
    ),
    "load": ("load --model openai:http://127.0.0.1:8000/v1#openai/whisper-large-v3 --rate 1,2,4,8 --duration 60",),
    "score": (
        "score results/runs/sample",
        "score mine.jsonl --metadata speakers.csv --slice accent",
        "score HYPOTHESES --reference REFERENCES --per-utterance utterances.csv",
    ),
    "normalize": ("normalize --profile leaderboard@2026-08 < text.txt",),
    "explain": ("explain mine.jsonl --from leaderboard@2026-04 --to leaderboard@2026-08",),
    "compare": (
        "compare results/runs/sample/whisper-tiny.en results/runs/sample/hama",
        "compare ours.jsonl theirs.jsonl --slice accent",
    ),
    "fitting": ("fitting mine.jsonl --corrected ami_cleaned",),
    "gate": (
        "gate results/runs/sample/whisper-tiny.en --baseline baselines",
        "gate RUN --baseline BASELINE.zip --policy policy.toml --junit gate.xml --markdown gate.md",
    ),
    "baseline": ("baseline save results/runs/sample/whisper-tiny.en", "baseline list"),
    "report": (
        "report results/runs/sample/* --out report",
        "report ours.jsonl theirs.jsonl --out report --against published",
    ),
    "runs": (
        "runs",
        "runs show nightly-2026-11-25",
        "runs mv whisper-tiny.en before-the-change",
        "runs rm nightly-2026-11-24 --yes",
    ),
    "data": (
        "data describe librispeech_test_clean",
        "data verify open_asr --from /data/releases",
        "data check calls.jsonl",
        "data convert calls.jsonl --to parquet --out calls.parquet",
    ),
    "list": ("list suites", "list models --json"),
    "check-model": ("check-model whisper-tiny.en",),
    "doctor": ("doctor",),
    "completion": ("completion bash", "completion zsh"),
}
"""Of each command what may stand behind the program's name."""
