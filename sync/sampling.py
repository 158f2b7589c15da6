"""The random share: which tasks are the holdout, drawn once and for good.

A task is in the holdout or it is not, whatever happens to it later: the draw depends on the task alone. The holdout
is at once exploration, control group and test set: it is never trained on, so accuracy and calibration on it are
unbiased.
"""

import hashlib

HOLDOUT_SHARE = 0.1


def is_holdout(project: int, task: int, created_at: int, *, share: float = HOLDOUT_SHARE) -> bool:
    """Whether a task is in the random share.

    ``project`` and ``task`` are Label Studio's ids, ``created_at`` the task's own (microseconds; Label Studio
    reuses ids). ``share`` in [0, 1] is the probability; a larger share contains every smaller one.

    >>> sum(is_holdout(1, task, 0) for task in range(10_000))
    1012
    >>> is_holdout(1, 7, 0, share=0.0), is_holdout(1, 7, 0, share=1.0)
    (False, True)
    """
    digest = hashlib.sha256(f"{project}/{task}/{created_at}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
