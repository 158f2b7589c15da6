"""crowd-kit's consensus on masks: a script that an environment of its own runs, for benchmarks/spans.py.

python crowd_kit_masks.py MASKS.npz prints one JSON object: method -> {"iou": mean IoU, "seconds": cpu seconds}.
"""

import json
import sys
import time

import numpy as np

REQUIREMENTS = ("crowd-kit==1.4.2",)
"""Never a dependency: it needs transformers."""


def main(path: str) -> None:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here
    from crowdkit.aggregation import (  # type: ignore[import-not-found] # not installed here
        SegmentationEM,
        SegmentationMajorityVote,
        SegmentationRASA,
    )

    with np.load(path, allow_pickle=False) as file:
        truth, drawn = file["truth"], file["drawn"]
    rows = [
        {"task": task, "worker": person, "segmentation": pixels}
        for task, own in enumerate(drawn)
        for person, pixels in enumerate(own)
    ]
    table = pd.DataFrame(rows)
    found = {}
    for name, method in (
        ("majority", SegmentationMajorityVote()),
        ("EM", SegmentationEM()),
        ("RASA", SegmentationRASA()),
    ):
        start = time.process_time()
        masks = method.fit_predict(table)
        seconds = time.process_time() - start
        ious = [np.sum(masks[task] & one) / np.sum(masks[task] | one) for task, one in enumerate(truth)]
        found[name] = {"iou": float(np.mean(ious)), "seconds": seconds}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
