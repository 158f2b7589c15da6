"""The encoders of everything that a control looks at, as one: rows of its parts side by side, or their difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..encoders import Encoder, family_of
from ..features import Described, Part, View, families, spread, stacked
from ..records import Arrays, Features, IntArray


@dataclass(frozen=True, slots=True)
class ViewEncoder:
    """Fitted encoders, one a part (for what is compared one for both), and the width of each one's rows."""

    view: View
    encoders: tuple[Encoder, ...]
    widths: tuple[int, ...]

    def parts(self, described: Sequence[Described], count: int) -> list[Features]:
        """Each part's rows of ``count`` tasks, zeros where a part could not be read."""
        found = []
        for place, said in enumerate(described):
            encoder = self.encoders[0 if self.view.compared else place]
            width = self.widths[0 if self.view.compared else place]
            rows = encoder.encode(said.features) if len(said.rows) else sparse.csr_matrix((0, width), dtype=np.float32)
            found.append(spread(rows, said.rows, count))
        return found

    def encode(self, described: Sequence[Described], count: int) -> Features:
        """The rows of ``count`` tasks, (count, d)."""
        return self.joined(self.parts(described, count))

    def joined(self, parts: Sequence[Features]) -> Features:
        """One row of all parts, of length 1 at most; of what is compared half their difference."""
        if self.view.compared:
            return (parts[0] - parts[1]) * np.float32(0.5)
        if len(parts) == 1:
            return parts[0]
        share = np.float32(1 / np.sqrt(len(parts)))
        return sparse.hstack([sparse.csr_matrix(part) * share for part in parts], format="csr")

    def without_own(self, parts: Sequence[Features], groups: IntArray) -> Features:
        """The rows as encoders would give them that never saw the row's group: see EncoderFamily."""
        if self.view.compared:
            count = len(groups)
            both = families(self.view)[0].without_own(stacked(parts), np.concatenate([groups, groups]))
            return self.joined([both[:count], both[count:]])
        own = [family.without_own(rows, groups) for family, rows in zip(families(self.view), parts, strict=True)]
        return self.joined(own)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The encoders as JSON and arrays."""
        words: list[dict[str, Any]] = []
        arrays: dict[str, Any] = {}
        for place, encoder in enumerate(self.encoders):
            settings, own = encoder.saved()
            words.append(settings)
            arrays |= {f"{place}/{name}": array for name, array in own.items()}
        return {
            "compared": self.view.compared,
            "parts": [{"encoder": one.encoder, "field": one.field, "linked": one.linked} for one in self.view.parts],
            "widths": list(self.widths),
            "settings": words,
        }, arrays


def fit(view: View, described: Sequence[Described]) -> ViewEncoder:
    """Learn from tasks; a part that none of them has is left out. Raises NotLearnable where they show nothing."""
    if view.compared:
        encoder = families(view)[0].fit(stacked([said.features for said in described]))
        return ViewEncoder(view, (encoder,), (_width(encoder, described[0].features),))
    kept = [place for place, said in enumerate(described) if len(said.rows)]
    seen = View(tuple(view.parts[place] for place in kept))
    encoders = tuple(family.fit(described[place].features) for family, place in zip(families(seen), kept, strict=True))
    widths = tuple(_width(encoder, described[place].features) for encoder, place in zip(encoders, kept, strict=True))
    return ViewEncoder(seen, encoders, widths)


def _width(encoder: Encoder, described: Features) -> int:
    return int(encoder.encode(described[:1]).shape[1])


def restored(words: Mapping[str, Any], arrays: Arrays) -> ViewEncoder:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    parts = tuple(Part(str(one["encoder"]), str(one["field"]), bool(one["linked"])) for one in words["parts"])
    view = View(parts, bool(words["compared"]))
    encoders = []
    for place, settings in enumerate(words["settings"]):
        prefix = f"{place}/"
        own = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
        encoders.append(family_of(parts[place].encoder).restore(settings, own))
    return ViewEncoder(view, tuple(encoders), tuple(map(int, words["widths"])))
