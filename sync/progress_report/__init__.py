"""``tiebreak progress``: how projects get on, as their pages show it, from the store.

``command`` is what the command line asks; ``in_words`` is how it is said.
"""
