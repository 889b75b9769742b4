"""Does a model keep what the runner relies on? `check-model` asks, with clips that break what usually breaks."""
