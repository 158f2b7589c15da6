"""What an annotation is: an answer, or something that does not count, and why."""

from enum import IntEnum, auto
from typing import Any

from sqlalchemy import ColumnElement, case

from .tables import annotation_versions


class Standing(IntEnum):
    """Whether a current annotation is an answer; only VALID ones are, of one person the latest."""

    CANCELLED = auto()
    GROUND_TRUTH = auto()
    REJECTED = auto()
    ANONYMOUS = auto()
    VALID = auto()


def standing(row: Any, ours: set[int]) -> Standing:
    """What a version of an annotation is; ``ours`` are the annotations (Label Studio's ids) that rulings stand as."""
    if row.was_cancelled:
        return Standing.CANCELLED
    if row.ground_truth or row.label_studio_id in ours:
        return Standing.GROUND_TRUTH
    if row.rejected is not None:
        return Standing.REJECTED
    return Standing.ANONYMOUS if row.annotator is None else Standing.VALID


def standing_of_version() -> ColumnElement[int]:
    """``standing`` of a version by itself, in SQL: whether it is one of ours is not looked at."""
    version = annotation_versions.c
    return case(
        (version.was_cancelled, int(Standing.CANCELLED)),
        (version.ground_truth, int(Standing.GROUND_TRUTH)),
        (version.rejected.is_not(None), int(Standing.REJECTED)),
        (version.annotator.is_(None), int(Standing.ANONYMOUS)),
        else_=int(Standing.VALID),
    )
