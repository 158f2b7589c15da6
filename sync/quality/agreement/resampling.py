"""Resampling tasks: one bootstrap for every number that is computed from the same tasks.

A number is a function of how often each task is there. It is given ``weights``, shape (resamples, groups): how many
tasks of each group a resample has. What the project really has is one row of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..intervals import NO_RESAMPLES, estimate
from ..one_thread import one_thread
from ..records import Estimate, FloatArray, IntArray

Rng = np.random.Generator

Statistic = Callable[[FloatArray], FloatArray]
"""Weights of the groups (resamples, groups) -> one number a resample; NaN where it is undefined."""

FEW_TASKS = "no interval: fewer than 2 tasks to resample"

AT_ONCE = 4_000_000
"""Numbers held at once: 32 MB."""
IN_CACHE = 400_000
"""Weights held at once while resampling: about what stays in a processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Tasks that are alike for what is computed, so that they can be resampled together.

    ``tasks`` are positions in the coded answers' tasks: first the ``paired`` ones with two answers or more, then
    those with one. ``place`` is the group of each, ``times`` how many tasks a group has; ``paired_groups`` groups hold
    the paired tasks and come first. The two kinds are drawn apart, each as often as there are tasks of the kind, so
    tasks that were answered once change nothing of what is computed from the others.
    """

    tasks: IntArray
    place: IntArray
    times: FloatArray
    paired: int
    paired_groups: int

    @property
    def here(self) -> FloatArray:
        """The tasks as they are: one row of weights."""
        return self.times[None, :]

    def resamples(self, rng: Rng, times: int) -> Iterator[FloatArray]:
        """``times`` bootstrap samples of the tasks in blocks, as weights of the groups: (resamples, groups)."""
        cut, (other,) = self.paired_groups, rng.spawn(1)
        block = max(1, IN_CACHE // max(1, len(self.times)))
        for size in [block] * (times // block) + [times % block] * (times % block > 0):
            paired = _drawn(rng, self.place[: self.paired], self.times[:cut], size)
            single = _drawn(other, self.place[self.paired :] - cut, self.times[cut:], size)
            yield np.hstack([paired, single]) if single.size else paired


def _drawn(rng: Rng, place: IntArray, times: FloatArray, size: int) -> FloatArray:
    """How often each group comes in ``size`` draws of as many tasks as there are.

    Drawing how often each group comes is the same as drawing tasks; where nearly every task is a group of its own,
    drawing tasks is the faster way.
    """
    n, kinds = len(place), len(times)
    if n == 0:
        return np.zeros((size, 0))
    if 4 * kinds < n:
        return rng.multinomial(n, times / n, size=size).astype(np.float64)
    found = np.empty((size, kinds))
    for row in found:  # one by one, because the counts of one resample stay in the processor's cache
        drawn = rng.integers(n, size=n)
        row[:] = np.bincount(drawn if kinds == n else place[drawn], minlength=kinds)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number to be estimated: ``of`` the weights of ``groups``, ``n`` tasks behind it, why it may be undefined.

    ``most`` resamples are drawn for it, where that is less than what is asked for.
    """

    groups: Groups
    of: Statistic
    n: int
    undefined: str
    most: int | None = None


def estimates(quantities: Mapping[str, Quantity], rng: Rng, bootstrap: int, confidence: float) -> dict[str, Estimate]:
    """Each number with its percentile interval, those of the same groups from the same resamples.

    What falls below -1 (an ICC of means, a kappa of few tasks beside many that were answered once) is given as -1.
    """
    draws: dict[str, FloatArray] = {}
    for groups, seeded in _apart(quantities, rng):
        names = [name for name, quantity in quantities.items() if quantity.groups is groups and quantity.n >= 2]
        blocks: dict[str, list[FloatArray]] = {name: [] for name in names}
        times = min([bootstrap, *(most for name in names if (most := quantities[name].most) is not None)])
        if names and times >= 1:
            with one_thread():
                for weights in groups.resamples(seeded, times):
                    for name in names:
                        blocks[name].append(_bounded(quantities[name].of(weights)))
            draws |= {name: np.concatenate(found) for name, found in blocks.items()}
    return {
        name: estimate(
            float(_bounded(quantity.of(quantity.groups.here))[0]),
            draws.get(name),
            quantity.n,
            confidence,
            undefined=quantity.undefined,
            without=FEW_TASKS if quantity.n < 2 else NO_RESAMPLES,
        )
        for name, quantity in quantities.items()
    }


def _apart(quantities: Mapping[str, Quantity], rng: Rng) -> Iterator[tuple[Groups, Rng]]:
    """The different groups, each with a generator that depends on nothing but the groups' place."""
    different = {id(quantity.groups): quantity.groups for quantity in quantities.values()}
    yield from zip(different.values(), rng.spawn(len(different)), strict=True)


def _bounded(values: FloatArray) -> FloatArray:
    return np.clip(values, -1.0, 1.0)
