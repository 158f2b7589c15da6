"""A million findings ranked: cpu seconds and memory, without and with facts, and beside one loop over the findings."""

import tracemalloc
from functools import partial

import numpy as np

from sync.quality.priority import FAMILIES, Fact, Facts, Policy, rank
from sync.quality.records import Finding

from .others import cpu


def run(*, quick: bool) -> None:
    """Print seconds and megabytes for each policy, and how many times longer a loop takes."""
    count = 20_000 if quick else 1_000_000
    found, facts = _findings(count), {(task, "tone"): Fact(3, ("good",), 3.0) for task in range(count // 2)}
    policies: dict[str, tuple[Policy, Facts]] = {
        "everything": (Policy(), {}),
        "a budget of 1,000": (Policy(budget=1000), {}),
        "with age and importance": (Policy(age_boost=0.2, importance={"tone": {"good": 0.5}}), facts),
        "with all limits": (Policy(budget=1000, annotator_cap=20, label_share=0.5, kind_share=0.5), facts),
    }
    print(f"   {count:,} findings on {len({one.task for one in found}):,} tasks")
    for name, (policy, known) in policies.items():
        seconds, queue = cpu(partial(rank, found, policy, known))
        print(f"   {name:26s} {seconds:6.2f} s   {len(queue):,} entries")
    loop, _ = cpu(lambda: _loop(found, Policy()))
    ours, _ = cpu(lambda: rank(found, Policy())[:1000])
    print(f"   a dict and sorted()        {loop:6.2f} s   x {loop / ours:.1f}")
    print(
        f"   memory above the findings  {_megabytes(found):6.0f} MB, for half of them {_megabytes(found[::2]):.0f} MB"
    )


def _findings(count: int) -> list[Finding]:
    rng = np.random.default_rng(1)
    kinds = list(FAMILIES)
    rows = zip(
        rng.integers(count // 2, size=count).tolist(),
        rng.integers(len(kinds), size=count).tolist(),
        rng.random(count).tolist(),
        rng.integers(500, size=count).tolist(),
        strict=True,
    )
    return [Finding(task, "tone", kinds[kind], how, "why", annotator=person) for task, kind, how, person in rows]


def _loop(found: list[Finding], policy: Policy) -> list[tuple[float, int, str]]:
    """The priorities and their order, in plain Python: what an entry holds is left out."""
    groups: dict[tuple[int, str], dict[str, float]] = {}
    for one in found:
        most = groups.setdefault((one.task, one.control), {})
        family = FAMILIES[one.kind]
        most[family] = max(most.get(family, 0.0), policy.weights[one.kind] * one.severity)
    entries = []
    for (task, control), most in groups.items():
        right = 1.0
        for believed in most.values():
            right *= 1 - believed
        entries.append((right - 1, task, control))
    return sorted(entries)


def _megabytes(found: list[Finding]) -> float:
    """The most memory that ranking takes at a time."""
    tracemalloc.start()
    rank(found, Policy())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6
