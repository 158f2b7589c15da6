"""``tiebreak queue``: what a person should look at first, and why, from an export file or the store.

``command`` is what the command line asks, ``report`` the flow; ``as_json`` and ``on_terminal`` are how it is shown.
"""
