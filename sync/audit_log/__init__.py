"""``tiebreak audit`` and ``tiebreak forget``: the audit chain read and verified, and people kept out of it."""
