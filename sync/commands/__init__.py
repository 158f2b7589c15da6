"""The commands of ``tiebreak`` that have no package of their own.

``loop`` are the steps of the loop and all of it, ``corrections`` what a lead applies; ``setting_up`` begins and mends,
``looking`` asks the store, ``services`` stays up. ``each`` does something for each project. ``sync/cli.py`` puts all
together.
"""
