"""cleanlab on label errors and on votes: a script that an environment of its own runs, for benchmarks/label_errors.py.

python cleanlab_labels.py ARRAYS.npz prints one JSON object: doubt by score and set, CROWDLAB's and ActiveLab's numbers,
and cpu seconds.
"""

import json
import sys
import time
import warnings
from typing import Any

import numpy as np

REQUIREMENTS = ("cleanlab==2.9.0",)
"""Never a dependency: what it gives here are formulas."""
METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def main(path: str) -> None:
    warnings.filterwarnings("ignore")
    from cleanlab.rank import get_label_quality_scores  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here

    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    found: dict[str, Any] = {"quality": {}, "seconds": {}}
    for name in arrays["sets"].tolist():
        labels, model, checked = (arrays[f"{name}_{part}"] for part in ("labels", "model", "checked"))
        found["quality"][name] = {
            method: get_label_quality_scores(labels, model, method=method)[checked].tolist() for method in METHODS
        }
    labels, model = arrays["many_labels"], arrays["many_model"]
    for method in METHODS:
        start = time.process_time()
        get_label_quality_scores(labels, model, method=method)
        found["seconds"][method] = time.process_time() - start
    found |= _votes(arrays["votes"], arrays["votes_model"], found["seconds"])
    print(json.dumps(found))


def _votes(table: Any, model: Any, seconds: dict[str, float]) -> dict[str, Any]:
    """A table (tasks, annotators) of votes, NaN where there is none."""
    from cleanlab import multiannotator  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here

    start = time.process_time()
    found = multiannotator.get_label_quality_multiannotator(
        table, model, verbose=False, return_detailed_quality=False, return_weights=True
    )
    seconds["crowdlab"] = time.process_time() - start
    multiannotator.find_best_temp_scaler = lambda *_: 1.0  # the probabilities are honest
    start = time.process_time()
    scores, _ = multiannotator.get_active_learning_scores(table, model)
    seconds["activelab"] = time.process_time() - start
    return {
        "labels": found["label_quality"]["consensus_label"].tolist(),
        "scores": found["label_quality"]["consensus_quality_score"].tolist(),
        "annotators": found["annotator_stats"].sort_index()["annotator_quality"].tolist(),
        "activelab": scores.tolist(),
    }


if __name__ == "__main__":
    main(sys.argv[1])
