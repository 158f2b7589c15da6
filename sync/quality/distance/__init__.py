"""How far two answers to one control are apart: a file a family, all distances of a family in one dict.

A distance takes a ``Comparison``, the answers and which of them to compare, and returns one number a pair, in [0, 1]:
0 for equal answers, the same both ways round. Both empty = 0, one empty = 1.
"""

from collections.abc import Callable, Mapping

from label_config.model import Control, Family

from ..records import FloatArray
from . import chat, choices, moments, numeric, ranking, taxonomy, text
from .comparison import Comparison
from .marked import REGIONS
from .per_region import per_region
from .relations import RELATIONS

Distance = Callable[[Comparison], FloatArray]

DISTANCES: Mapping[Family, Mapping[str, Distance]] = {
    Family.CHOICES: {
        "nominal": choices.nominal,
        "jaccard": choices.jaccard,
        "masi": choices.masi,
        "ordinal": choices.ordinal,
        "interval": choices.interval,
        "ratio": choices.ratio,
    },
    Family.TAXONOMY: {"ancestors": taxonomy.ancestors, "paths": taxonomy.paths, "nominal": taxonomy.nominal},
    Family.RATING: {
        "ordinal": numeric.ordinal,
        "interval": numeric.interval,
        "absolute": numeric.absolute,
        "ratio": numeric.ratio,
        "nominal": numeric.nominal,
    },
    Family.NUMBER: {
        "interval": numeric.interval,
        "absolute": numeric.absolute,
        "ratio": numeric.ratio,
        "ordinal": numeric.ordinal,
        "nominal": numeric.nominal,
    },
    Family.MOMENT: {
        "interval": moments.interval,
        "absolute": moments.absolute,
        "day": moments.day,
        "nominal": moments.nominal,
    },
    Family.TEXT: {
        "character": text.character,
        "word": text.word,
        "token_set": text.token_set,
        "lines": text.lines,
        "exact": text.exact,
    },
    Family.RANKING: {
        "kendall": ranking.kendall,
        "top_weighted": ranking.top_weighted,
        "buckets": ranking.buckets,
        "nominal": ranking.nominal,
    },
    Family.CHAT: {"character": chat.character, "nominal": chat.nominal},
    Family.REGIONS: REGIONS,
    Family.RELATIONS: RELATIONS,
}
"""Family -> name -> distance; the first one of a family is its default, but for multiple choices (Jaccard)."""


def default_distance(control: Control) -> str:
    """The name of the distance that a control has unless another is asked for."""
    if control.family == Family.CHOICES and control.multiple:
        return "jaccard"
    return next(iter(DISTANCES[control.family]))


def distance(control: Control, name: str) -> Distance:
    """The distance of that name for the control's family; raises ValueError that lists the names there are.

    Of a control that asks about each region it compares the answers about matched regions (see ``per_region``).
    """
    known = DISTANCES[control.family]
    if name not in known:
        raise ValueError(f"control {control.name!r}: no distance is named {name!r}; there are: {', '.join(known)}")
    return per_region(known[name]) if control.per_region else known[name]
