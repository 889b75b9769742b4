"""From text to score: profiles, alignment, intervals. Imports neither torch, pandas nor the runner."""
