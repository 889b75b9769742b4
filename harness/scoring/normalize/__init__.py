"""Text normalizers, by language and version."""
