"""How many tasks are labeled before the next order, from a project's own labels: speed and accuracy as they are."""

import numpy as np

from label_config.model import LabelConfig

from ..acquisition import BATCH
from ..acquisition.pace import answers_per_hour, batch_size
from ..labels import LabelSet


def batch_of(config: LabelConfig, labels: LabelSet, seconds: float) -> int:
    """The batch of a project whose next order comes ``seconds`` after this one; ``BATCH`` where nothing is known yet.

    Label times are those of the feed, accuracy is how sure the consensus is of its answers on the mean; of several
    controls the one that tells least counts.
    """
    kept = {control.name: labels.of(control.name) for control in config.controls}
    rows = [row for found in kept.values() for row in found]
    pace = answers_per_hour([at / 1e6 for at in {row.task: row.updated_at for row in rows}.values()])
    if not pace:
        return BATCH
    return max(
        batch_size(
            pace,
            seconds,
            accuracy=float(np.mean([row.weight for row in kept[control.name]])),
            labels=max(2, len(control.labels)),
        )
        for control in config.controls
        if kept[control.name]
    )
