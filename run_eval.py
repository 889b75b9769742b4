#!/usr/bin/env python3
"""The command line of the harness: `python run_eval.py --suite sample`, `python run_eval.py --help`."""

import sys

from harness.cli import main

if __name__ == "__main__":
    sys.exit(main())
