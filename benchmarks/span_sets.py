"""Names in news: how many are in the sets of 90 %, how large these are, and how well errors are foretold."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import roc_auc_score

from label_config.answers import Region, Regions, Span
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners.span_model import marks_of
from ml_backend.records import Opinion, Task, TrainingRow
from ml_backend.settings import Settings
from ml_backend.spans.tags import Mark
from ml_backend.training import learn

DRAWS = {200: 5, 500: 5, 2000: 2}
TEST = 1000
Example = tuple[str, Sequence[Mark]]


def run(examples: Sequence[Example], labels: Sequence[str], *, quick: bool) -> None:
    """Print the means over draws by the number of sentences that are learned from."""
    print("   sentences  names in the sets   size  suggested  fused  wrong  area under the ROC  draws without sets")
    for size, draws in DRAWS.items():
        if quick and size > min(DRAWS):
            return
        rows = [_draw(examples, labels, size, seed) for seed in range(1 if quick else draws)]
        held, large, told, fused, wrong, area = (
            np.mean(there) if (there := [one for one in column if one is not None]) else np.nan
            for column in zip(*rows, strict=True)
        )
        without = sum(row[0] is None for row in rows)
        print(
            f"   {size:9,}  {held:17.3f}  {large:5.1f}  {told:9.1f}  {fused:5.2f}  {wrong:5.2f}  {area:18.3f}"
            f"  {without:6} of {len(rows)}"
        )


def _draw(examples: Sequence[Example], labels: Sequence[str], size: int, seed: int) -> tuple[float | None, ...]:
    """Share of names in the sets, their size (both null without sets), names told, predicted error, errors, area."""
    order = np.random.default_rng(seed).permutation(len(examples))
    asked = [examples[at] for at in order[-TEST:]]
    said = _said([examples[at] for at in order[:size]], labels, asked)
    wrong = [set(marks_of(one.answer)) != set(marks) for one, (_, marks) in zip(said, asked, strict=True)]
    fused = [one.signals["fused"] for one in said]
    told = float(np.mean([len(one.parts) for one in said]))
    rest = told, float(np.mean(fused)), float(np.mean(wrong)), float(roc_auc_score(wrong, fused))
    if all(one.possible is None for one in said):
        return None, None, *rest
    pairs = [(one.possible or (), marks) for one, (_, marks) in zip(said, asked, strict=True)]
    held = float(np.mean([np.mean([mark._asdict() in own for mark in marks]) for own, marks in pairs if marks]))
    return held, float(np.mean([len(own) for own, _ in pairs])), *rest


def _said(taught: Sequence[Example], labels: Sequence[str], asked: Sequence[Example]) -> Sequence[Opinion]:
    tags = "".join(f'<Label value="{label}"/>' for label in labels)
    xml = f'<View><Labels name="names" toName="text">{tags}</Labels><Text name="text" value="$text"/></View>'
    rows = [
        TrainingRow(place, "names", {"text": text}, _answer(marks), 1.0, "consensus", False, place + 1)
        for place, (text, marks) in enumerate(taught)
    ]
    (model,) = learn(xml, LabelSet().merged(rows, 1), _nothing, Settings()).controls
    tasks = [Task(10**6 + place, {"text": text}) for place, (text, _) in enumerate(asked)]
    return model.think(tasks, Material([task.data for task in tasks], _nothing), "fused")[0]


def _answer(marks: Sequence[Mark]) -> Regions:
    return Regions(tuple(Region(Span(mark.start, mark.end), (mark.label,)) for mark in marks))


def _nothing(address: str) -> bytes:
    raise AssertionError(f"{address} is not fetched")
