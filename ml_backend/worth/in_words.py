"""What a project's labels are worth, in words: how many were saved, whether more help, where the model stays wrong."""

import logging
from pathlib import Path
from typing import Any

from ..errors import RegistryError
from .for_round import hard_words
from .proving import kept
from .stop_set import signals

log = logging.getLogger(__name__)


def worth_of_labels(folder: Path) -> dict[str, Any]:
    """What is known of each control, and why tasks of some slices came earlier in the last round (``hard``).

    ``labels_saved`` are the words of the last ``tiebreak-ml proof``; ``more_labels`` say whether more are unlikely to
    help, null where that cannot be said.
    """
    return {
        "labels_saved": _saved(folder),
        "more_labels": {
            control: {"unlikely_to_help": one.unlikely_to_help, "words": one.words}
            for control, one in signals(folder).items()
        },
        "hard": hard_words(folder),
    }


def _saved(folder: Path) -> dict[str, str]:
    try:
        found = kept(folder)
        return {} if found is None else {str(name): str(one["words"]) for name, one in found["controls"].items()}
    except (RegistryError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s: no proof can be read (%s); `tiebreak-ml proof` writes it anew", folder, error)
        return {}
