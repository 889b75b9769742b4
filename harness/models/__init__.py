"""Models behind one protocol: clips in, hypotheses out."""
