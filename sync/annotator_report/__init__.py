"""``tiebreak annotators``: whom to trust on what, and whose work changed, from an export file or the store.

``command`` is what the command line asks, ``report`` the flow; ``as_json`` and ``on_terminal`` are how it is shown.
"""
