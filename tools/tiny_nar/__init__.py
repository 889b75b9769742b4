"""How the tiny-nar checkpoint was made: `prepare` makes features, `train`, `export`, and `evaluate` counts errors."""
