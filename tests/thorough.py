"""How many examples a property is tried with: all that it is worth in CI, else a fifth of them, each time others."""

import os

from .faults.sample import ALL

THOROUGH = ALL or bool(os.environ.get("CI"))
FEWEST = 4


def up_to(examples: int) -> int:
    """The number of examples for a property that all these are worth."""
    return examples if THOROUGH else max(min(examples, FEWEST), examples // 5)
