"""Linear-chain conditional random fields, several at once: probabilities, the best path, spans. Pure.

Lafferty et al. 2001; the scaled recursions are Rabiner's (1989). ``scores`` are (h, n, l): what each of h fields gives
each of l tags of each of n tokens; ``moves`` (h, l, l) what a step from one tag to the next costs or gains, minus
infinity where it is not allowed. Before the first token of a sequence stands tag 0.
"""

from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray

_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Layout:
    """Sequences side by side, the longest first: step t of all of them lies together.

    ``order`` (n,): which token stands at each place; ``sizes``: how many sequences have a step t; ``before`` (n,): the
    place of the token before, -1 for a first one.
    """

    order: IntArray
    sizes: IntArray
    before: IntArray

    def steps(self) -> list[slice]:
        """Where each step lies."""
        ends = np.cumsum(self.sizes).tolist()
        return [slice(end - size, end) for end, size in zip(ends, self.sizes.tolist(), strict=True)]


def layout(starts: IntArray, lengths: IntArray) -> Layout:
    """The layout of sequences that begin at ``starts`` and have ``lengths`` tokens, one at least."""
    longest_first = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[longest_first], lengths[longest_first]
    steps = np.arange(lengths.max(initial=0))
    sizes = np.searchsorted(-lengths, -steps, side="left").astype(np.int64)
    order = np.concatenate([np.empty(0, np.int64), *(starts[:size] + t for t, size in enumerate(sizes.tolist()))])
    ends = np.cumsum(sizes)
    before = np.full(len(order), -1, dtype=np.int64)
    for t in range(1, len(sizes)):
        begin = ends[t] - sizes[t]
        before[begin : ends[t]] = np.arange(ends[t - 1] - sizes[t - 1], ends[t - 1] - sizes[t - 1] + sizes[t])
    return Layout(order, sizes, before)


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Scaled messages at each place of a layout, (h, n, l) each; their product is the probability of each tag.

    ``weights`` are exp(score - largest), ``scale`` (h, n) what each step was divided by, ``log_scale`` (h, n) its
    logarithm with the largest score: its sum over a sequence is the logarithm of the normaliser.
    """

    forward: FloatArray
    backward: FloatArray
    weights: FloatArray
    scale: FloatArray
    log_scale: FloatArray

    @property
    def marginals(self) -> FloatArray:
        """The probability of each tag at each place, (h, n, l)."""
        return self.forward * self.backward


def beliefs(scores: FloatArray, moves: FloatArray, where: Layout) -> Beliefs:
    """Forward and backward over the scores, which are in the layout's order already."""
    largest = scores.max(axis=2)
    weights = np.exp(scores - largest[:, :, None])
    step = np.exp(moves)
    forward, backward = np.empty_like(weights), np.ones_like(weights)
    scale = np.empty_like(largest)
    parts = where.steps()
    for t, part in enumerate(parts):
        if t == 0:
            arriving = np.broadcast_to(step[:, :1, :], weights[:, part].shape)
        else:
            previous = parts[t - 1]
            arriving = forward[:, previous.start : previous.start + part.stop - part.start] @ step
        here = arriving * weights[:, part]
        total = here.sum(axis=2)
        scale[:, part] = total
        forward[:, part] = here / total[:, :, None]
    backwards = np.swapaxes(step, 1, 2)
    for t in range(len(parts) - 1, 0, -1):
        part, previous = parts[t], parts[t - 1]
        leaving = weights[:, part] * backward[:, part] / scale[:, part, None]
        backward[:, previous.start : previous.start + part.stop - part.start] = leaving @ backwards
    return Beliefs(forward, backward, weights, scale, np.log(scale) + largest)


def expected_moves(said: Beliefs, moves: FloatArray, where: Layout, trust: FloatArray) -> FloatArray:
    """How often each step is expected, (h, l, l); each token counts ``trust`` (h, n)."""
    later = np.flatnonzero(where.before >= 0)
    first = np.flatnonzero(where.before < 0)
    leaving = said.weights * said.backward * (trust / said.scale)[:, :, None]
    found = np.swapaxes(said.forward[:, where.before[later]], 1, 2) @ leaving[:, later]
    found[:, 0] += leaving[:, first].sum(axis=1)
    return np.asarray(found * np.exp(moves))


def best_path(scores: FloatArray, moves: FloatArray, where: Layout) -> IntArray:
    """The most probable tags at each place, (h, n) (Viterbi 1967)."""
    heads, count, tags = scores.shape
    came_from = np.zeros((heads, count, tags), dtype=np.int16)
    total = np.empty_like(scores)
    parts = where.steps()
    into = np.ascontiguousarray(np.swapaxes(moves, 1, 2))[:, None]  # numpy is quickest along the last axis
    for t, part in enumerate(parts):
        if t == 0:
            total[:, part] = moves[:, None, 0, :] + scores[:, part]
            continue
        previous = parts[t - 1]
        reached = total[:, previous.start : previous.start + part.stop - part.start, None, :] + into
        came_from[:, part] = best = reached.argmax(axis=3)
        total[:, part] = np.take_along_axis(reached, best[..., None], axis=3)[..., 0] + scores[:, part]
    path = total.argmax(axis=2)
    for t in range(len(parts) - 1, 0, -1):
        part, previous = parts[t], parts[t - 1]
        known = path[:, part]
        path[:, previous.start : previous.start + part.stop - part.start] = np.take_along_axis(
            came_from[:, part], known[:, :, None], axis=2
        )[:, :, 0]
    return np.asarray(path, dtype=np.int64)


def path_log_probability(
    path: IntArray, scores: FloatArray, moves: FloatArray, said: Beliefs, where: Layout
) -> FloatArray:
    """Each token's share of the logarithm of its path's probability, (h, n): their sum over a sequence is it."""
    heads = np.arange(len(scores))[:, None]
    own = np.take_along_axis(scores, path[:, :, None], axis=2)[:, :, 0]
    previous = np.where(where.before >= 0, path[:, where.before], 0)
    return np.asarray(own + moves[heads, previous, path] - said.log_scale)


def span_probability(
    table: IntArray, said: Beliefs, moves: FloatArray, where: Layout, place_of: IntArray
) -> FloatArray:
    """The probability of exactly these spans, (s,): begun and ended there, with this label (BIO tags).

    ``table`` (s, 4): field, first token, last token, the label's position; ``place_of`` (n,) is where each token stands
    in the layout. All paths through the span are counted, whatever comes before and after (constrained
    forward-backward; Culotta and McCallum 2004).
    """
    head, first, last, label = table.T
    begin, inside = 2 * label + 1, 2 * label + 2
    start = place_of[first]
    total = np.log(np.maximum(said.forward[head, start, begin], _SMALLEST))
    for_span = np.repeat(np.arange(len(table)), last - first)
    offsets = np.arange(len(for_span)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    place = place_of[first[for_span] + 1 + offsets]
    previous = np.where(offsets == 0, begin[for_span], inside[for_span])
    heads, tag = head[for_span], inside[for_span]
    each = moves[heads, previous, tag] + np.log(
        np.maximum(said.weights[heads, place, tag], _SMALLEST) / said.scale[heads, place]
    )
    total += np.bincount(for_span, each, minlength=len(table))
    return np.asarray(np.exp(total) * _ended(head, first, last, inside, said, moves, where, place_of)).clip(0, 1)


def likely_spans(said: Beliefs, moves: FloatArray, where: Layout, least: float) -> tuple[IntArray, FloatArray]:
    """All spans that are as probable as ``least`` > 0, (s, 4) as the table of ``span_probability``, and that, (s,).

    That a span goes on as far as a token is no more probable than that it goes as far as the one before: what has
    fallen below ``least`` is left there.
    """
    follows = np.full(len(where.order), -1, dtype=np.int64)
    follows[where.before[where.before >= 0]] = np.flatnonzero(where.before >= 0)
    head, first, label = np.nonzero(said.marginals[:, :, 1::2] >= least)
    last, tag = first, 2 * label + 1
    inside = tag + 1
    forward = said.forward[head, first, tag]
    reaches = forward * said.backward[head, first, tag]
    tables: list[IntArray] = [np.empty((0, 4), dtype=np.int64)]
    shares: list[FloatArray] = [np.empty(0)]
    while len(head):
        after = follows[last]
        forward = forward * np.exp(moves[head, tag, inside]) * said.weights[head, after, inside]
        forward = np.where(after >= 0, forward / said.scale[head, after], 0.0)
        further = forward * said.backward[head, after, inside]
        found = reaches - further >= least
        tables.append(np.column_stack([head, where.order[first], where.order[last], label])[found])
        shares.append((reaches - further)[found])
        on = further >= least
        head, first, last, label, inside = head[on], first[on], after[on], label[on], inside[on]
        tag, forward, reaches = inside, forward[on], further[on]
    return np.concatenate(tables), np.concatenate(shares).clip(0, 1)


def _ended(
    head: IntArray,
    first: IntArray,
    last: IntArray,
    inside: IntArray,
    said: Beliefs,
    moves: FloatArray,
    where: Layout,
    place_of: IntArray,
) -> FloatArray:
    """What lies behind a span that goes no further, (s,): the backward message without the step further inside."""
    tag = np.where(last > first, inside, inside - 1)
    end = place_of[last]
    after = place_of[np.minimum(last + 1, len(place_of) - 1)]
    goes_on = where.before[after] == end
    further = np.exp(moves[head, tag, inside]) * said.weights[head, after, inside] * said.backward[head, after, inside]
    return np.asarray(said.backward[head, end, tag] - np.where(goes_on, further / said.scale[head, after], 0))
