"""What a project's labels are worth: how many were saved, whether more help, where the model stays wrong."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import RegistryError
from .for_round import hard_words
from .proving import kept
from .stop_set import signals

log = logging.getLogger(__name__)


def worth_of_labels(folder: Path) -> dict[str, Any]:
    """What is known of each control, and why tasks of some slices came earlier in the last round (``hard``).

    ``labels_saved`` are the words of the last ``tiebreak-ml proof``, ``proofs`` its numbers and learning curves, and
    ``proven_at`` the cursor of the labels that it is of; ``more_labels`` say whether more are unlikely to help, null
    where that cannot be said.
    """
    proven_at, proofs = _proofs(folder)
    return {
        "labels_saved": {control: str(one["words"]) for control, one in proofs.items()},
        "proofs": {
            control: {key: part for key, part in one.items() if key != "words"} for control, one in proofs.items()
        },
        "proven_at": proven_at,
        "more_labels": {
            control: {"unlikely_to_help": one.unlikely_to_help, "words": one.words}
            for control, one in signals(folder).items()
        },
        "hard": hard_words(folder),
    }


def _proofs(folder: Path) -> tuple[int | None, Mapping[str, Mapping[str, Any]]]:
    """Nothing before the first proof, and where it cannot be read."""
    try:
        found = kept(folder)
        if found is None:
            return None, {}
        proofs = {str(name): dict(one, words=str(one["words"])) for name, one in found["controls"].items()}
        return int(found["cursor"]), proofs
    except (RegistryError, KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("%s: no proof can be read (%s); `tiebreak-ml proof` writes it anew", folder, error)
        return None, {}
