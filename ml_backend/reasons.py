"""Why there is no answer: a few codes that programs may rely on, each with words for people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

REASONS: Mapping[str, str] = {
    "no_model": "nothing has been learned for this project yet",
    "older_round": "the round that is shown was made before the first model; the next one has suggestions",
    "model_unreadable": "the model cannot be read; the log of `tiebreak-ml serve` says why",
    "interface_unreadable": "the labeling interface cannot be read",
    "not_learned": "this control has not been learned",
    "interface_changed": "the interface asks something else here than what was learned, or shows something else",
    "answer_not_taken": "the interface does not take the answer any more that was learned for such tasks",
    "task_unreadable": "nothing that was learned from can be read in this task",
    "out_of_time": "there was no time left for this task; ask for fewer at once",
    "failed": "it failed on this part of the tasks; the log of `tiebreak-ml serve` says how",
    "says_nothing": "the model says nothing about this task",
    "kept_empty": "kept empty on purpose: people dispute or audit this task, and nobody may be led",
    "answered": "the annotator has answered this already",
    "none_applies": "the answer is that nothing is to be marked",
}
"""Code -> its words where nothing more is known. A code never changes its meaning."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: ``code`` is one of REASONS, ``words`` are for people."""

    code: str
    words: str

    def as_json(self) -> dict[str, str]:
        """By name."""
        return {"code": self.code, "words": self.words}


def reason(code: str, more: str = "") -> Reason:
    """The reason of that code; ``more`` says what is known beyond its words.

    >>> reason("task_unreadable", "field 'text' is not there").words
    "nothing that was learned from can be read in this task: field 'text' is not there"
    """
    return Reason(code, f"{REASONS[code]}: {more}" if more else REASONS[code])
