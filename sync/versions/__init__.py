"""Immutable versions of labels: made from the store at a moment, compared, restored, exported."""
