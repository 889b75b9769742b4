"""Does a system reproduce errors of a reference that its audio does not support? docs/scoring.md, Benchmark fitting.

positions finds where two references differ and what a hypothesis has there; corrected reads the second reference;
judging counts, and tells fitting from chance.
"""
