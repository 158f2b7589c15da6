"""Control tag -> how it is read from the labeling interface.

Every control of Label Studio 1.23.2 and, because interfaces that ship with it use them, Chat and OcrLabels of the
paid edition. Not there: ReactCode and CustomInterface (what their results say is up to code inside the interface),
Cube, CubeLabels, VideoVector, VideoVectorLabels and the token, table and PDF labels of other editions.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from ..model import Control
from .choices import choices, pairwise, taxonomy
from .regions import LABELS, SHAPES, chat, labels, relations, shape
from .values import moment, number, ranker, rating, textarea

CONTROLS: Mapping[str, Callable[[ET.Element], Control]] = {
    "Choices": choices,
    "Taxonomy": taxonomy,
    "Pairwise": pairwise,
    "Rating": rating,
    "Number": number,
    "DateTime": moment,
    "TextArea": textarea,
    "Ranker": ranker,
    **dict.fromkeys(LABELS, labels),
    **dict.fromkeys(SHAPES, shape),
    "Relations": relations,
    "Chat": chat,
}
"""Control tag -> how it is read."""
