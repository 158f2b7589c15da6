"""Hacohen et al. 2022: with few labels, typical tasks of regions that have none teach most."""

import numpy as np

from ..likeness import likeness
from ..records import FloatArray, IntArray
from .pool import Pool, by_worth, dense, then_by_worth

NEIGHBOURS = 20
SAMPLE = 20_000
"""Tasks that are clustered; of a larger pool so many are drawn."""
WIDTH = 128
"""Rows of more columns are projected to so many before they are clustered: distances stay nearly the same."""
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
    narrow = narrowed(pool.features.shape[1], rng)
    middles, member = clusters_of(dense(pool.features[drawn] @ narrow), clusters, rng)
    taken = np.zeros(len(middles), dtype=np.int64)
    if labeled:
        taken += np.bincount((dense(pool.known @ narrow) @ middles.T).argmax(axis=1), minlength=len(middles))
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


def narrowed(columns: int, rng: np.random.Generator) -> FloatArray:
    """What rows are multiplied with to have ``WIDTH`` columns at most (Johnson and Lindenstrauss 1984)."""
    if columns <= WIDTH:
        return np.eye(columns)
    return rng.normal(0.0, WIDTH**-0.5, (columns, WIDTH))


def clusters_of(rows: FloatArray, clusters: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """The middles of the clusters at length 1, and which cluster each row is in."""
    from sklearn.cluster import MiniBatchKMeans  # slow to import, and --help needs none of it

    model = MiniBatchKMeans(clusters, n_init=1, random_state=int(rng.integers(2**31)), batch_size=1024)
    member = np.asarray(model.fit_predict(rows), dtype=np.int64)
    middles = np.asarray(model.cluster_centers_, dtype=np.float64)
    length = np.linalg.norm(middles, axis=1, keepdims=True)
    return middles / np.where(length > 0, length, 1.0), member


def _typical(pool: Pool, members: IntArray) -> IntArray:
    """The members of a cluster, the one that its neighbours are most like first."""
    if len(members) < 2:
        return members
    some = members[:: 1 + len(members) // 1000]
    rows = pool.features[members]
    among = likeness(rows, rows[:: 1 + len(members) // 1000])
    near = min(NEIGHBOURS, len(some))
    typicality = np.partition(among, len(some) - near, axis=1)[:, -near:].mean(axis=1)
    return members[by_worth(typicality)]
