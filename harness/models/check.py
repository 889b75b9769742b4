"""`python -m harness.models.check MODEL`: the same as `run-eval check-model MODEL`, for who writes a model."""

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main(["check-model", *sys.argv[1:]]))
