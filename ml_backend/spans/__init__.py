"""Spans of texts: where tokens are, what is seen of them, fields that tell which of them belong together."""
