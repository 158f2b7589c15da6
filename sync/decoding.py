"""What a result says, by the labeling interface that its annotator saw."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from label_config.answers import empty_answer
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.results import canonical, read_answers

from .store.intake import Decode, Decoded
from .store.interfaces import Period

Known = tuple[int, int, LabelConfig]
"""Since which change (Label Studio's clock), the store's key, and the interface."""


def decoder(periods: Sequence[Period]) -> Decode:
    """How results of a project are read: each against the interface of its time.

    An interface is seen at the first pull after it was made, so what changed between two pulls may be of either: the
    earlier one is tried first, since it claims nothing of a control that was not asked yet. What fits neither is read
    against the interface as it is now, which may have been mended for it. Raises LabelConfigError where that one cannot
    be read.
    """
    *earlier, newest = periods
    readable = [(one, config) for one in earlier if (config := _readable(one.label_config)) is not None]
    readable.append((newest, parse(newest.label_config)))
    return partial(_decode, [(one.since, one.interface, config) for one, config in readable])


def _readable(xml: str) -> LabelConfig | None:
    """An earlier interface; null for one that only another version of this program could read."""
    try:
        return parse(xml)
    except LabelConfigError:
        return None


def _decode(known: Sequence[Known], result: object, data: Mapping[str, Any], updated_at: int) -> Decoded:
    refused = None
    for interface, config in _in_question(known, updated_at):
        said = _read(interface, config, result, data)
        if said.rejected is None:
            return said
        refused = refused or said
    assert refused is not None
    return refused


def _in_question(known: Sequence[Known], updated_at: int) -> Iterator[tuple[int, LabelConfig]]:
    """The interfaces that an annotator can have seen at that time, then the one there is now; each once."""
    newest = len(known) - 1
    place = newest
    while place > 0 and known[place][0] >= updated_at:
        place -= 1
    for one in sorted({place, min(place + 1, newest), newest}):
        yield known[one][1], known[one][2]


def _read(interface: int, config: LabelConfig, result: object, data: Mapping[str, Any]) -> Decoded:
    try:
        answers = read_answers(config, result, data)
    except LabelConfigError as error:
        return Decoded({}, str(error), interface)
    for control in config.controls:
        if control.name not in answers and (empty := empty_answer(control)) is not None:
            answers[control.name] = empty
    if not answers:
        return Decoded({}, "the result is empty: nothing was answered", interface)
    return Decoded({name: canonical(answer) for name, answer in answers.items()}, None, interface)
