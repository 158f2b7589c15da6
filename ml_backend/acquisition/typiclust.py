"""Hacohen et al. 2022: with few labels, typical tasks of regions that have none teach most."""

import numpy as np

from ..records import FloatArray, IntArray
from .pool import Pool, alike, by_worth, dense, then_by_worth

NEIGHBOURS = 20
SAMPLE = 20_000
"""Tasks that are clustered; of a larger pool so many are drawn."""
SMALL = 5
"""A cluster of fewer tasks is no region."""


def typiclust(pool: Pool, rng: np.random.Generator, batch: int) -> IntArray:
    """As many clusters as there would be labels; of the largest ones without any, the task with the nearest neighbours.

    Its answer needs no model. Without rows: by utility.
    """
    if not pool.has_features or not len(pool):
        return by_worth(pool.utilities)
    count = len(pool)
    drawn = np.sort(rng.choice(count, SAMPLE, replace=False)) if count > SAMPLE else np.arange(count)
    labeled = 0 if pool.known is None else pool.known.shape[0]
    clusters = min(labeled + batch, max(1, len(drawn) // 2), 500)
    middles, member = _clusters(pool, drawn, clusters, rng)
    taken = np.zeros(len(middles), dtype=np.int64)
    if labeled:
        taken += np.bincount(alike(pool.known, middles).argmax(axis=1), minlength=len(middles))
    size = np.bincount(member, minlength=len(middles))
    left = [list(_typical(pool, drawn[member == cluster])) for cluster in range(len(middles))]
    chosen: list[int] = []
    while len(chosen) < min(batch, len(drawn)):
        # Fewest labels first, then the largest; small clusters wait.
        open_ = [cluster for cluster in range(len(middles)) if left[cluster]]
        best = min(open_, key=lambda one: (size[one] < SMALL, taken[one], -size[one], one))
        chosen.append(left[best].pop(0))
        taken[best] += 1
    return then_by_worth(np.array(chosen, dtype=np.int64), pool.utilities)


def _clusters(pool: Pool, drawn: IntArray, clusters: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    from sklearn.cluster import MiniBatchKMeans  # slow to import, and --help needs none of it

    rows = pool.features[drawn]
    model = MiniBatchKMeans(clusters, n_init=1, random_state=int(rng.integers(2**31)), batch_size=1024)
    member = np.asarray(model.fit_predict(rows), dtype=np.int64)
    return dense(model.cluster_centers_), member


def _typical(pool: Pool, members: IntArray) -> IntArray:
    """The members of a cluster, the one that its neighbours are most like first."""
    if len(members) < 2:
        return members
    some = members[:: 1 + len(members) // 1000]
    among = alike(pool.features[members], pool.features[some])
    near = min(NEIGHBOURS, len(some))
    typicality = np.partition(among, len(some) - near, axis=1)[:, -near:].mean(axis=1)
    return members[by_worth(typicality)]
