"""Measurements of the harness itself, each a program that prints one JSON line last."""
