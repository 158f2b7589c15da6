"""The guidelines of a project, written and versioned here, and published: ``tiebreak guidelines``.

``writing`` makes versions, ``publishing`` brings one into Label Studio; ``command`` is what the command line asks,
``shown`` its words.
"""
