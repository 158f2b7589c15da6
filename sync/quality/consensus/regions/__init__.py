"""Consensus on what is marked or drawn: spans, segments, boxes, outlines, masks, points, tracks."""

from collections.abc import Mapping

from ..inference import Inference
from .choosing import choose as choose
from .choosing import fitting as fitting
from .matched import matched_regions
from .tokens import token_dawid_skene

METHODS: Mapping[str, Inference] = {"matched-regions": matched_regions, "token-dawid-skene": token_dawid_skene}
"""Name -> method; the first one is the default."""
