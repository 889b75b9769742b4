"""What is stored and passed on: one typed structure for each, decoded and checked here and nowhere else.

    codec.py       bytes to records and back, the one line that says what is wrong in a file, atomic writing
    journal.py     a line of `<benchmark>.jsonl`, and the one reader of journals
    run.py         run.json
    scores.py      scores.json
    statistics.py  intervals, differences, tests
    policy.py      a gate's policy
    baseline.py    what a saved baseline holds beside a run's files

Every file states `format` and the version of the program that wrote it. Format 1 had no such statement and called some
fields otherwise (`heard`, `clean`); it is read for ever. docs/schemas has a JSON Schema of each file.
"""
