"""A version of labels as files that other programs read: one format a file, the same version the same bytes."""
