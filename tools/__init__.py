"""Programs for who works on this project: never installed, never imported by `harness` or `benchmarks`."""
