"""What every head is told beside the data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``multiple``: each label by itself. ``seed`` of all chance. ``threads`` that learning may use."""

    multiple: bool = False
    seed: int = 0
    threads: int = 1
