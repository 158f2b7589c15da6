"""crowd-kit's classification methods: a script that an environment of its own runs, for benchmarks/truth.py.

python crowd_kit_truth.py ARRAYS.npz prints one JSON object: set -> method -> how right on each task with a known truth
(the share of the truth among tied labels where the method gives probabilities), or why it could not run.
"""

import json
import signal
import sys
import warnings
from typing import Any

import numpy as np

REQUIREMENTS = ("crowd-kit==1.4.2",)
METHODS = {
    "MajorityVote": {},
    "Wawa": {},
    "DawidSkene": {},
    "OneCoinDawidSkene": {},
    "ZeroBasedSkill": {},
    "GLAD": {},
    "MACE": {"random_state": 0},
    "MMSR": {"random_state": 0},
    "KOS": {"random_state": 0},
}
"""Everything but the seed is as it comes."""
SECONDS = 600
"""The cpu time that a method may take on a set."""


class TooSlow(BaseException):
    """Not an Exception: nothing on the way may swallow it."""


def main(path: str) -> None:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore] # not installed here

    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGVTALRM, _too_slow)
    found: dict[str, dict[str, Any]] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in [key.removesuffix(".votes") for key in file.files if key.endswith(".votes")]:
            task, worker, label = file[f"{name}.votes"]
            frame = pd.DataFrame({"task": task, "worker": worker, "label": label})
            found[name] = {method: _right(method, frame, *file[f"{name}.gold"]) for method in METHODS}
    print(json.dumps(found))


def _too_slow(*_: object) -> None:
    raise TooSlow


def _right(method: str, frame: Any, asked: Any, truth: Any) -> list[float] | str:
    if method == "KOS" and frame.label.nunique() != 2:
        return "for two labels only"
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        labels, probabilities = _fitted(method, frame)
    except TooSlow:
        return f"not done after {SECONDS} s of cpu"
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if probabilities is None:
        return [float(labels.get(task, -1) == true) for task, true in zip(asked, truth, strict=True)]
    known = probabilities.fillna(0.0).reindex(range(int(frame.task.max()) + 1), fill_value=0.0)
    table, columns = known.to_numpy(), {label: place for place, label in enumerate(known.columns)}
    best = table >= table.max(axis=1, keepdims=True) - 1e-9
    share = best / best.sum(axis=1, keepdims=True)
    return [
        float(share[task, columns[true]]) if task >= 0 and true in columns else 0.0
        for task, true in zip(asked, truth, strict=True)
    ]


def _fitted(method: str, frame: Any) -> tuple[Any, Any]:
    """The labels and, where it gives any, the probabilities."""
    from crowdkit.aggregation import classification  # type: ignore[import-not-found] # not installed here

    model = getattr(classification, method)(**METHODS[method])
    model.fit(frame)
    if method in ("Wawa", "ZeroBasedSkill"):  # their predict() fails beside scikit-learn >= 1.6; this is what it does
        model = classification.MajorityVote().fit(frame, model.skills_)
    if method == "MMSR":  # whose fit() finds the skills alone
        return model.predict(frame), None
    return model.labels_, getattr(model, "probas_", None)


if __name__ == "__main__":
    main(sys.argv[1])
