"""One file a corpus: its facts, and the one parser that it needs."""
