"""The learning flow: a label set becomes a model."""

from threadpoolctl import threadpool_limits

from label_config.parse import parse

from .encoders import Fetch
from .errors import NotLearnable
from .labels import LabelSet
from .learners import LEARNERS, Learned, learner_of
from .notes import notes_of, refusals
from .registry import Model
from .settings import Settings


def learn(label_config: str, labels: LabelSet, fetch: Fetch, settings: Settings) -> Model:
    """A model of every control that can be learned; it has no version before it is published.

    Raises NotLearnable, with the reason of each control, where none can; InterfaceError for an interface that
    cannot be read.
    """
    config = parse(label_config)
    learned: list[Learned] = []
    notes: dict[str, list[str]] = {}
    reasons: list[str] = []
    with threadpool_limits(settings.threads):
        for control in config.controls:
            rows = labels.of(control.name)
            try:
                learner = LEARNERS[learner_of(control)]
                learned.append(learner.learn(config, control, rows, fetch, settings))
                notes[control.name] = notes_of(control, rows, learned[-1].trained_labels, learned[-1].unread)
            except NotLearnable as error:
                left_out = refusals(control, rows)
                reasons += ["; ".join([str(error), *left_out])]
                notes[control.name] = [str(error).removeprefix(f"control {control.name!r}: "), *left_out]
    if not learned:
        raise NotLearnable("; ".join(reasons))
    trained = sum(one.trained_labels for one in learned)
    told = {control: said for control, said in notes.items() if said}
    return Model("", label_config, labels.cursor, trained, tuple(learned), told)
