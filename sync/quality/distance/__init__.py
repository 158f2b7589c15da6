"""How far two answers to one control are apart: one function a distance, in one dict.

Each takes the distinct answers of a control and returns the symmetric matrix of their distances: shape
(answers, answers), values in [0, 1], 0 on the diagonal. Both empty = 0, one empty = 1.
"""

from collections.abc import Callable, Mapping, Sequence

from ..records import FloatArray
from .nominal import nominal
from .sets import jaccard

Distance = Callable[[Sequence[tuple[str, ...]]], FloatArray]

DISTANCES: Mapping[str, Distance] = {"nominal": nominal, "jaccard": jaccard}


def distance(name: str) -> Distance:
    """The distance of that name; raises ValueError that lists the names there are."""
    if name not in DISTANCES:
        raise ValueError(f"no distance is named {name!r}; there are: {', '.join(DISTANCES)}")
    return DISTANCES[name]
