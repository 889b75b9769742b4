"""How a transcript is written: punctuation, capitals and numbers, on the alignment of its normalized words."""
