"""Durations to batches to transcripts: the one loop that every model runs in."""
