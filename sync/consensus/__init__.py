"""``tiebreak consensus``: what the answers probably are, from an export file or the store.

``command`` is what the command line asks, ``report`` the flow; ``as_json``, ``as_csv`` and ``on_terminal`` are how it
is shown.
"""
