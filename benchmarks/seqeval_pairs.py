"""Exact span F1 by seqeval, pair by pair: a script that an environment of its own runs, for benchmarks/regions.py.

python seqeval_pairs.py SPANS.npz prints one JSON object: {"seconds": cpu seconds, "values": F1 of each pair}.
"""

import json
import sys
import time
from typing import Any

import numpy as np

REQUIREMENTS = ("seqeval==1.2.2",)


def main(path: str) -> None:
    from seqeval.metrics import f1_score  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here

    with np.load(path, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    start = time.process_time()
    tags = _tags(data)
    pairs = zip(data["left"].tolist(), data["right"].tolist(), strict=True)
    values = [float(f1_score([tags[left]], [tags[right]], zero_division=0)) for left, right in pairs]
    print(json.dumps({"seconds": time.process_time() - start, "values": values}))


def _tags(data: dict[str, Any]) -> list[list[str]]:
    """IOB2 tags of each answer's tokens; spans start and end where tokens do."""
    tags = []
    names, offsets, first = data["names"].tolist(), data["offsets"].tolist(), data["first"].tolist()
    for answer, task in enumerate(data["task"].tolist()):
        starts = data["starts"][first[task] : first[task + 1]]
        own = ["O"] * len(starts)
        here = slice(offsets[answer], offsets[answer + 1])
        places = np.searchsorted(starts, data["ends"][here]).tolist()
        for (begin, end), label in zip(places, data["labels"][here].tolist(), strict=True):
            own[begin:end] = [f"I-{names[label]}"] * (end - begin)
            own[begin] = f"B-{names[label]}"
        tags.append(own)
    return tags


if __name__ == "__main__":
    main(sys.argv[1])
