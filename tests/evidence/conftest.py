"""Commands in an empty folder."""

from ..agreement.conftest import tiebreak

__all__ = ["tiebreak"]
