"""Taxonomy: how much two sets of paths through a tree share, as nodes or as whole paths."""

from label_config.answers import Taxonomy

from ..records import FloatArray
from .comparison import Comparison, typed
from .equality import codes, unequal
from .sets import overlap

Path = tuple[str, ...]


def ancestors(pairs: Comparison) -> FloatArray:
    """1 - shared nodes / all nodes of the two, where an answer has the nodes it chose and all that lie above them.

    So siblings are nearer to each other than cousins are. It is Jaccard's index on the answers with their ancestors,
    the sets of hierarchical precision and recall (S. Kiritchenko et al., 2006).

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> answers = [Taxonomy((("animal", name),)) for name in ("cat", "dog")]
    >>> ancestors(every_pair(Control("c", "Taxonomy", ("t",)), answers)).round(2).tolist()
    [0.0, 0.67, 0.67, 0.0]
    """
    above: dict[Path, list[Path]] = {}
    for path in {path for paths in _paths(pairs) for path in paths}:
        above[path] = [path[: depth + 1] for depth in range(len(path))]
    nodes = [tuple(dict.fromkeys(node for path in paths for node in above[path])) for paths in _paths(pairs)]
    return 1.0 - overlap(nodes, pairs).jaccard()


def paths(pairs: Comparison) -> FloatArray:
    """1 - shared paths / all paths of the two: a path is right as a whole or not at all (P. Jaccard 1901).

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> answers = [Taxonomy((("animal", "cat"), ("plant",))), Taxonomy((("animal", "dog"), ("plant",)))]
    >>> paths(every_pair(Control("c", "Taxonomy", ("t",)), answers)).round(2).tolist()
    [0.0, 0.67, 0.67, 0.0]
    """
    return 1.0 - overlap(_paths(pairs), pairs).jaccard()


def nominal(pairs: Comparison) -> FloatArray:
    """0 where the same nodes were chosen, else 1."""
    return unequal(codes(_paths(pairs))[0], pairs)


def _paths(pairs: Comparison) -> list[tuple[Path, ...]]:
    """The paths of each answer, in one order."""
    return [tuple(sorted(answer.paths)) for answer in typed(pairs, Taxonomy)]
