"""crowd-kit's Dawid-Skene: a script that an environment of its own runs, for benchmarks/consensus.py.

python crowd_kit.py ANSWERS.npz prints one JSON object: {"seconds": cpu seconds, "right": share of right answers}.
"""

import json
import sys
import time

import numpy as np

REQUIREMENTS = ("crowd-kit==1.4.2",)
"""Never a dependency: it needs transformers."""


def main(path: str) -> None:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from crowdkit.aggregation.classification import DawidSkene  # type: ignore[import-not-found]

    with np.load(path, allow_pickle=False) as file:
        table, truth = file["table"], file["truth"]
    tasks, people = table.shape
    start = time.process_time()
    columns = {"task": np.repeat(np.arange(tasks), people), "worker": np.tile(np.arange(people), tasks)}
    found = DawidSkene(n_iter=100).fit_predict(pd.DataFrame({**columns, "label": table.ravel()}))
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "right": float(np.mean(found.sort_index().to_numpy() == truth))}))


if __name__ == "__main__":
    main(sys.argv[1])
