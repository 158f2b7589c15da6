"""Consensus on what is marked or drawn: spans, segments, boxes, outlines, masks, points, tracks."""

from collections.abc import Mapping

from ..inference import Inference
from .matched import matched_regions

METHODS: Mapping[str, Inference] = {"matched-regions": matched_regions}
"""Name -> method; the first one is the default."""
