"""krippendorff on the same arrays: a script that an environment of its own runs, for benchmarks/agreement.py.

python alpha_oracles.py ANSWERS.npz prints one JSON object: form -> [cpu seconds with what it takes to build it, value].
"""

import json
import sys
import time
from typing import Any

import numpy as np

REQUIREMENTS = ("krippendorff==0.9.0",)
"""Never a dependency: it is GPL-3."""


def main(path: str) -> None:
    import krippendorff  # type: ignore[import-not-found] # not installed here

    with np.load(path, allow_pickle=False) as file:
        task, annotator, code = file["task"], file["annotator"], file["code"]
    tasks, people, kinds = (int(column.max()) + 1 for column in (task, annotator, code))

    def value_counts() -> Any:
        counts = np.bincount(task * kinds + code, minlength=tasks * kinds).reshape(tasks, kinds)
        return krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")

    def dense() -> Any:
        table = np.full((people, tasks), np.nan)
        table[annotator, task] = code
        return krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")

    found = {}
    for name, compute, times in (("value counts", value_counts, 3), ("dense", dense, 1)):
        best = float("inf")
        for _ in range(times):
            start = time.process_time()
            value = float(compute())
            best = min(best, time.process_time() - start)
        found[name] = [best, value]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
