"""Names and terms that somebody cares about: read from lists, found in texts, counted."""
