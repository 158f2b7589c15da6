"""Other libraries on the same answers: a script that an environment of its own runs, for benchmarks/agreement.py.

python oracles.py ANSWERS.npz prints one JSON object: name -> {"seconds": ..., "value": ...}.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

REQUIREMENTS = ("krippendorff==0.9.0", "crowd-kit==1.4.2")
"""Never a dependency: krippendorff is GPL-3, and crowd-kit needs transformers."""


def main(path: str) -> None:
    with np.load(path, allow_pickle=False) as file:
        table, truth = file["table"], file["truth"]
    print(json.dumps({"krippendorff": _timed(_alpha, table), "crowd-kit": _timed(_dawid_skene, table, truth)}))


def _timed(prepare: Callable[..., Callable[[], float]], *data: Any) -> dict[str, float]:
    """Seconds of the computation alone: imports and its favourite form of the data come before."""
    compute = prepare(*data)
    start = time.perf_counter()
    value = compute()
    return {"seconds": time.perf_counter() - start, "value": value}


def _alpha(table: Any) -> Callable[[], float]:
    import krippendorff  # type: ignore[import-not-found]

    data = table.T.astype(np.float64)
    return lambda: float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def _dawid_skene(table: Any, truth: Any) -> Callable[[], float]:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from crowdkit.aggregation.classification import DawidSkene  # type: ignore[import-not-found]

    tasks, people = table.shape
    columns = {"task": np.repeat(np.arange(tasks), people), "worker": np.tile(np.arange(people), tasks)}
    frame = pd.DataFrame({**columns, "label": table.ravel()})

    def compute() -> float:
        found = DawidSkene(n_iter=100).fit_predict(frame)
        return float(np.mean(found.sort_index().to_numpy() == truth))

    return compute


if __name__ == "__main__":
    main(sys.argv[1])
