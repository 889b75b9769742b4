"""How the tiny-nar checkpoint was made: `python -m harness.models.tiny_nar.training.prepare`, then `.train`, then `.evaluate`."""
