"""Which algorithm fits choices, and why."""

import numpy as np

from ..evidence import ControlEvidence


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """Which algorithm fits the data, and why in words.

    Estimating whom to trust on what takes answers: without enough a person, counting votes is safer.
    """
    coded = evidence.coded
    if not len(coded.task):
        return "majority", "nobody has answered yet"
    labels = 2 if coded.multiple else max(2, len(coded.labels))
    per_person = float(np.median(np.bincount(coded.annotator)))
    per_task = len(coded.task) / len(np.unique(coded.task))
    if len(coded.annotators) < 3:
        return "majority", "fewer than three annotators: where two differ, nothing shows who is right"
    if per_task < 1.2:
        return "majority", f"{per_task:.1f} answers a task are too few to compare annotators"
    if per_person < 2 * labels:
        return (
            "majority",
            f"a median of {per_person:.0f} answers an annotator is too few to learn whom to trust on {labels} labels",
        )
    return "dawid-skene", f"a median of {per_person:.0f} answers an annotator shows whom to trust on what"
