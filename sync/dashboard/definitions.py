"""What every number on the pages means, in one place: a term and one or two sentences for people.

A column or figure that names none of these cannot be made, so no number is shown without its meaning.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """``term`` is what the number is called; ``text`` says what it is, its range, and how to read it."""

    term: str
    text: str


DEFINITIONS = {
    "alpha": Definition(
        "Alpha",
        "Krippendorff's alpha: how far people agree beyond chance. 1 is perfect, 0 is chance, below 0 is worse than "
        "chance. From 0.80 on rely on it, from 0.67 with care.",
    ),
    "kappa": Definition(
        "Kappa",
        "Cohen's kappa of two people on the tasks that both answered: agreement beyond chance. 1 is perfect, 0 is "
        "chance.",
    ),
    "agreement": Definition(
        "Agreement",
        "The mean share of equal answers over all pairs of people on a task; what is marked, rated or written counts "
        "in part. It does not leave chance out.",
    ),
    "reliability": Definition(
        "Right",
        "The estimated share of a person's answers that are right, inferred from who agrees with whom. It is an "
        "estimate, not a test.",
    ),
    "agrees": Definition("Agrees", "The mean agreement of a person with the others on the tasks that they share."),
    "complete": Definition("Complete", "The share of tasks that have every answer they want (annotations per task)."),
    "tasks": Definition("Tasks", "Tasks that Label Studio has now; deleted ones are left out."),
    "tasks_compared": Definition("Tasks compared", "Tasks with answers of two people or more: only these can agree."),
    "tasks_in_common": Definition("Tasks in common", "Tasks that both people answered."),
    "single": Definition("One answer only", "Tasks with one answer: they say nothing about agreement."),
    "annotators": Definition("Annotators", "People whose answers count."),
    "answers": Definition(
        "Answers", "Annotations that count: not skipped, repeated, unreadable or ground truth; the newest of a person."
    ),
    "queue": Definition(
        "To decide", "Answers that need a human decision, with their reasons, as the last assessment found them."
    ),
    "urgent": Definition("Urgent", "Entries of the queue in band P1: what costs most if it is wrong."),
    "priority": Definition(
        "Priority", "How much an answer needs a decision, in [0, 1]: higher needs it more. Bands are cut from it."
    ),
    "entries": Definition("Entries", "Entries of the queue; one can have several reasons."),
    "open_reviews": Definition("Open reviews", "Review tasks that wait in Label Studio, or are on their way there."),
    "ruled": Definition("Ruled", "Tasks that a reviewer has decided."),
    "model_right": Definition(
        "Model", "The share of the model's answers that equal the consensus, on answers that it has not learned from."
    ),
    "assessed": Definition("Assessed", "When agreement, consensus and the queue were computed last."),
    "start": Definition("From", "The beginning of the period, by the time of each task's last answer."),
    "end": Definition("To", "The end of the period, which is not part of it."),
}


def definition(key: str) -> Definition:
    """The definition of that key. Raises ValueError for one that is not written yet."""
    try:
        return DEFINITIONS[key]
    except KeyError:
        raise ValueError(f"no definition {key!r}: write it in sync/dashboard/definitions.py") from None
