"""The agreement report: answers from an export file or the store in, the same report out for people and programs.

``command`` is what the command line asks, ``report`` the flow; ``as_json``, ``as_csv``, ``on_terminal`` and ``page``
are how it is shown.
"""
