"""Recognizers behind HTTP: servers and cloud vendors. One client; what to ask and how to read it stands apart, pure."""
