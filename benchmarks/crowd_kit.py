"""crowd-kit's consensus methods: a script that an environment of its own runs, for benchmarks/consensus.py.

python crowd_kit.py ANSWERS.npz prints one JSON object: {"seconds": cpu seconds, "right": share of right answers}, and
the parameters where likelihoods are compared.
"""

import json
import sys
import time
from typing import Any

import numpy as np

REQUIREMENTS = ("crowd-kit==1.4.2",)
"""Never a dependency: it needs transformers."""


def main(path: str) -> None:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here
    from crowdkit.aggregation import classification  # type: ignore[import-not-found] # not installed here

    with np.load(path, allow_pickle=False) as file:
        task, annotator, answer, truth, method = (
            file[name] for name in ("task", "annotator", "answer", "truth", "method")
        )
    frame = pd.DataFrame({"task": task, "worker": annotator, "label": answer})
    start = time.process_time()
    fitted = getattr(classification, str(method))().fit(frame)
    seconds = time.process_time() - start
    right = float(np.mean(fitted.labels_.sort_index().to_numpy() == truth))
    print(json.dumps({"seconds": seconds, "right": right, **parameters(fitted, frame, str(method))}))


def parameters(fitted: Any, frame: Any, method: str) -> dict[str, Any]:
    """Ability and ease by GLAD, knowing and guessing by MACE, annotators, tasks and labels in ascending order."""
    if method == "GLAD":
        return {
            "ability": fitted.alphas_.sort_index().tolist(),
            "ease": fitted.betas_.sort_index().tolist(),
        }
    if method != "MACE":
        return {}
    people, labels = np.argsort(frame["worker"].unique()), np.argsort(frame["label"].unique())
    spamming, guesses = np.asarray(fitted.spamming_)[people], np.asarray(fitted.thetas_)[people][:, labels]
    return {"knows": spamming[:, 1].tolist(), "guesses": (spamming[:, :1] * guesses).tolist()}


if __name__ == "__main__":
    main(sys.argv[1])
