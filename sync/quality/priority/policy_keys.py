"""A mapping, as a TOML file gives it -> a policy; what is wrong with it is one error that says what to write."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..findings.case import Thresholds
from .policy import WEIGHTS, Policy


class PolicyError(ValueError):
    """A key of the policy is unknown or has a value that is not accepted; the message names both and what is."""

    def __init__(self, key: str, problem: str, accepted: str) -> None:
        super().__init__(f"policy.{key}: {problem}. Accepted: {accepted}.")
        self.key = key
        self.problem = problem
        self.accepted = accepted


def policy_of(given: Mapping[str, Any]) -> Policy:
    """The policy that a mapping describes, the defaults where it says nothing. Raises PolicyError.

    Weights that are not given keep their default.

    >>> policy = policy_of({"budget": 50, "weights": {"outlier": 0}, "importance": {"tone": {"bad": 1, "good": 0.2}}})
    >>> policy.budget, policy.weights["outlier"], policy.weights["tie"], policy.importance["tone"]["good"]
    (50, 0.0, 1.0, 0.2)
    """
    found = {key: _reader(key, READERS)(key, value) for key, value in given.items()}
    policy = Policy(**found)
    if not policy.review_from <= policy.p2_from <= policy.p1_from:
        raise PolicyError(
            "review_from, p2_from, p1_from",
            f"{policy.review_from}, {policy.p2_from}, {policy.p1_from} go down",
            "numbers that do not: an entry is in the queue from the first on, in band P2 from the second, P1 the third",
        )
    return policy


Reader = Callable[[str, Any], Any]


def _reader(key: str, known: Mapping[str, Reader], within: str = "") -> Reader:
    """What reads a key; an unknown one is refused with the one that may have been meant."""
    if key in known:
        return known[key]
    close = difflib.get_close_matches(str(key), known, 1)
    meant = f"{close[0]!r}, which may be what is meant, or " if close else ""
    raise PolicyError(f"{within}{key}", "no such key", f"{meant}one of: {', '.join(known)}")


def _refuse(key: str, value: Any, accepted: str) -> NoReturn:
    raise PolicyError(key, f"{value!r:.200} is refused", accepted)


def _number(low: float, high: float | None, accepted: str) -> Reader:
    def read(key: str, value: Any) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= (float("inf") if high is None else high) or value == float("inf"):
            _refuse(key, value, accepted)
        return float(value)

    return read


def _whole(low: int, accepted: str) -> Reader:
    def read(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            _refuse(key, value, accepted)
        return value

    return read


def _table(key: str, value: Any, accepted: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(key, value, accepted)
    return value


SHARE = _number(0, 1, "a number from 0 to 1")


def _weights(key: str, value: Any) -> dict[str, float]:
    known = dict.fromkeys(WEIGHTS, SHARE)
    given = _table(key, value, "a table: kind of finding = a number from 0 to 1")
    return {**WEIGHTS, **{kind: _reader(kind, known, f"{key}.")(f"{key}.{kind}", one) for kind, one in given.items()}}


def _importance(key: str, value: Any) -> dict[str, dict[str, float]]:
    accepted = "a table for each control: label = a number from 0 to 1, 1 for the most important"
    return {
        control: {label: SHARE(f"{key}.{control}.{label}", one) for label, one in _table(key, table, accepted).items()}
        for control, table in _table(key, value, accepted).items()
    }


def _thresholds(key: str, value: Any) -> Thresholds:
    """Each of the kind that its default has: the thresholds are defined where they are used."""
    anything = _number(0, None, "a number from 0 on")
    readers: dict[str, Reader] = {}
    for one in dataclasses.fields(Thresholds):
        whole = isinstance(one.default, int)
        readers[one.name] = _whole(0, "a whole number from 0 on") if whole else anything
        if isinstance(one.default, float) and one.default <= 1 and not one.name.startswith(("days", "seconds")):
            readers[one.name] = SHARE
    given = _table(key, value, f"a table with: {', '.join(readers)}")
    return Thresholds(**{name: _reader(name, readers, f"{key}.")(f"{key}.{name}", one) for name, one in given.items()})


READERS: Mapping[str, Reader] = {
    "weights": _weights,
    "importance": _importance,
    "age_days": _number(1e-6, None, "a number of days above 0"),
    "age_boost": SHARE,
    "review_from": SHARE,
    "budget": _whole(0, "a whole number of entries a run, from 0 on; leave the key out for no limit"),
    "audit_share": SHARE,
    "annotator_cap": _whole(1, "a whole number of entries, from 1 on; leave the key out for no limit"),
    "label_share": SHARE,
    "cluster_share": SHARE,
    "kind_share": SHARE,
    "enough": _whole(2, "a whole number of answers, from 2 on"),
    "p1_from": SHARE,
    "p2_from": SHARE,
    "thresholds": _thresholds,
    "seed": _whole(0, "a whole number from 0 on"),
}
"""Key -> what reads its value; the keys are the fields of Policy."""
