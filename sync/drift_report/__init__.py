"""``tiebreak drift``: what changed over time, from an export file or the store.

``command`` is what the command line asks, ``report`` the flow, ``testing`` puts the evidence into each test's form;
``as_json`` and ``on_terminal`` are how it is shown.
"""
