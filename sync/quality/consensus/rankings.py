"""One order of items from many, with or without buckets."""

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from label_config.answers import Answer, Ranking

from ..distance import default_distance, distance
from ..distance.comparison import Comparison
from ..distance.ranking import UNPLACED
from ..evidence import ControlEvidence
from ..records import FloatArray, TaskConsensus
from .inference import Inference, Inferred
from .kemeny import EVEN, borda, borda_scores, kemeny, put_before
from .medoid import certainty, circles_of, known, qualities
from .reliability import quality_records, weights

Entry = tuple[bool, str]
"""The end of the bucket of that name (true), or an item (false)."""
Search = Callable[[FloatArray], tuple[list[int], bool]]
"""The weight of those who put one entry before another, (entries, entries) -> an order, and whether it is a tie."""


def infer(search: Search, evidence: ControlEvidence) -> Inferred:
    """The order that the annotators together put the items of a task in, each weighted by reliability.

    The end of a bucket is ranked like an item (as the distance between rankings has it), so that the consensus says
    which items are in which bucket, and which are in none. Who leaves an item out puts it behind all that they ranked,
    and in no order with others that they left out. Annotators weigh 1 / mean distance to the answer of the others
    (see ``medoid``). The confidence is the weighted mean of 1 - distance to the answers (see ``medoid.certainty``).
    """
    coded = evidence.coded
    quality, answers = qualities(evidence, circles_of(evidence, default_distance(evidence.control)))
    weight = weights(quality)
    rows: list[list[int]] = [[] for _ in coded.tasks]
    for row in np.lexsort((coded.annotator, coded.task)).tolist():
        rows[coded.task[row]].append(row)
    buckets = _buckets(evidence)
    made = {
        place: _order(
            search, [(coded.answers[coded.answer[row]], weight[coded.annotator[row]]) for row in own], buckets
        )
        for place, own in enumerate(rows)
        if own and place not in coded.fixed
    }
    sure = _certain(evidence, {place: answer for place, (answer, _) in made.items()}, rows, weight, quality)
    tasks = tuple(
        known(evidence, place)
        if place in coded.fixed
        else TaskConsensus(task, made[place][0], sure[place], None, len(rows[place]), made[place][1])
        for place, task in enumerate(coded.tasks)
    )
    return Inferred(tasks, quality_records(coded, quality, answers))


def _buckets(evidence: ControlEvidence) -> list[str]:
    """The buckets in the interface's order, then others by name; not the one of items that were not moved."""
    named = {name for answer in evidence.coded.answers for name, _ in _ranking(answer).buckets}
    names = list(dict.fromkeys([*evidence.control.labels, *sorted(named)]))
    return [name for name in names if name != UNPLACED] or names


def _ranking(answer: Answer) -> Ranking:
    if not isinstance(answer, Ranking):
        raise TypeError(f"{type(answer).__name__} is no ranking")
    return answer


def _order(search: Search, said: Sequence[tuple[Answer, float]], buckets: Sequence[str]) -> tuple[Ranking, bool]:
    """The consensus of some answers and their weights, and whether it is a tie."""
    given = sorted({_ranking(answer) for answer, _ in said}, key=repr)
    if len(given) == 1:
        return given[0], False
    items = sorted({item for answer in given for _, some in answer.buckets for item in some})
    entries: list[Entry] = [(True, name) for name in buckets] + [(False, item) for item in items]
    places = np.array([_places(answer, entries, buckets) for answer in given])
    weight = {answer: sum(share for other, share in said if other == answer) for answer in given}
    before = put_before(places, np.array([weight[answer] for answer in given]))
    order, _ = search(before)
    last = max(place for place, entry in enumerate(order) if entries[entry][0])
    placed, rest = order[: last + 1], order[last + 1 :]
    made = _written([entries[entry] for entry in order], buckets, any(UNPLACED in dict(one.buckets) for one in given))
    return _as_given(made, given, buckets), _tied(search, before, placed, rest)


def _places(answer: Ranking, entries: Sequence[Entry], buckets: Sequence[str]) -> list[float]:
    """Where an answer puts each entry; what it left out is last."""
    said = dict(answer.buckets)
    order: dict[Entry, float] = {}
    for name in buckets:
        for entry in (*((False, item) for item in said.get(name, ())), (True, name)):
            order.setdefault(entry, float(len(order)))
    return [order.get(entry, np.inf) for entry in entries]


def _tied(search: Search, before: FloatArray, placed: list[int], rest: list[int]) -> bool:
    """Whether another order is as good, but for the order of what was left out."""
    end = placed[-1]
    border = any(abs(before[end, item] - before[item, end]) <= EVEN for item in rest)
    ordered = np.sort(placed)
    return border or search(before[np.ix_(ordered, ordered)])[1]


def _written(order: Sequence[Entry], buckets: Sequence[str], unplaced: bool) -> Ranking:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(buckets, ())
    items: list[str] = []
    for is_end, name in order:
        if is_end:
            found[name], items = tuple(items), []
        else:
            items.append(name)
    rest = {UNPLACED: tuple(items)} if unplaced else {}
    return Ranking(tuple((found | rest).items()))


def _as_given(made: Ranking, given: Sequence[Ranking], buckets: Sequence[str]) -> Ranking:
    """The first given answer that says the same, if there is one."""
    ours = [dict(made.buckets).get(name, ()) for name in buckets]
    same = (one for one in given if [dict(one.buckets).get(name, ()) for name in buckets] == ours)
    return next(same, made)


def _certain(
    evidence: ControlEvidence,
    made: Mapping[int, Ranking],
    rows: Sequence[Sequence[int]],
    weight: FloatArray,
    quality: FloatArray,
) -> dict[int, float]:
    """The confidence in each answer that was made."""
    coded = evidence.coded
    number = {place: len(coded.answers) + count for count, place in enumerate(made)}
    answers = (*coded.answers, *made.values())
    pairs = np.array([(number[place], coded.answer[row]) for place in made for row in rows[place]], dtype=np.int64)
    left, right = pairs.reshape(-1, 2).T
    counts = np.ones(len(answers))
    name = default_distance(evidence.control)
    far = distance(evidence.control, name)(Comparison(evidence.control, answers, left, right, counts))
    found, start = {}, 0
    for place in made:
        people = coded.annotator[list(rows[place])]
        part = far[start : start + len(people)]
        found[place] = float(certainty(part[None], weight[people][None], quality[people][None])[0])
        start += len(people)
    return found


def by_borda(before: FloatArray) -> tuple[list[int], bool]:
    """Borda's order; a tie where two neighbours have one score."""
    order = borda(before)
    score = borda_scores(before)[order]
    return order, bool((np.diff(score) == 0).any())


METHODS: Mapping[str, Inference] = {
    "kemeny": functools.partial(infer, kemeny),
    "borda": functools.partial(infer, by_borda),
}
