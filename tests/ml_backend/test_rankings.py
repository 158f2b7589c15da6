"""Orders of lists: learned from a known scorer, told over HTTP, as sure as they are right."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.optimize import check_grad

from label_config.answers import Ranking
from label_config.parse import parse
from label_config.results import read_answers
from label_config.templates import template
from ml_backend.errors import NotLearnable
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners.rank_model import RankModel, read
from ml_backend.ranking import plackett_luce as order
from ml_backend.records import Opinion, Task, TrainingRow
from ml_backend.settings import Settings
from ml_backend.training import learn
from ml_backend.uncertainty import SIGNALS

from ..thorough import up_to
from .scenes import PROJECT, learned, serving
from .stage import Here

XML = """<View><Text name="query" value="$query"/><List name="list" value="$items"/>
<Ranker name="order" toName="list"/></View>"""
BUCKETS = XML.replace(
    '<Ranker name="order" toName="list"/>',
    '<Ranker name="order" toName="list"><Bucket name="good"/><Bucket name="poor"/></Ranker>',
)
WORTH = dict(zip("superb great good plain weak poor awful".split(), np.linspace(6, -6, 7).tolist(), strict=True))
FILLER = "the a of on with table river engine paper window".split()
Example = tuple[dict[str, Any], Ranking]


def lists(count: int, size: int, seed: int, noise: float = 1.0) -> list[Example]:
    """Lists whose order is drawn by Plackett and Luce from what a word of each item is worth."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        words = rng.choice(list(WORTH), size)
        items = [
            {"id": f"i{place}", "title": f"{word} {rng.choice(FILLER)}", "body": " ".join(rng.choice(FILLER, 3))}
            for place, word in enumerate(words)
        ]
        # The order of scores with Gumbel's noise is drawn by Plackett and Luce (Yellott 1977).
        drawn = np.array([WORTH[word] for word in words]) + noise * rng.gumbel(size=size)
        ids = tuple(f"i{place}" for place in np.argsort(-drawn).tolist())
        found.append(({"query": "which is best", "items": items}, Ranking((("order", ids),))))
    return found


def rows(examples: Sequence[Example], *, first: int = 1, holdout: bool = False) -> list[TrainingRow]:
    return [
        TrainingRow(first + at, "order", data, answer, 1.0, "consensus", holdout, first + at)
        for at, (data, answer) in enumerate(examples)
    ]


def taught(found: Sequence[TrainingRow], xml: str = XML) -> RankModel:
    (only,) = learn(xml, LabelSet().merged(found, 1), _no_fetch, Settings()).controls
    assert isinstance(only, RankModel)
    return only


def _no_fetch(_: str) -> bytes:
    raise AssertionError("nothing is fetched")


def asked(model: RankModel, datas: Sequence[dict[str, Any]], first: int = 10**6) -> list[Opinion]:
    tasks = [Task(first + at, data) for at, data in enumerate(datas)]
    return model.think(tasks, Material(datas, _no_fetch), "margin")[0]


def ids(answer: object, bucket: int = 0) -> tuple[str, ...]:
    assert isinstance(answer, Ranking)
    return answer.buckets[bucket][1]


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=4))
def test_probabilities_of_all_orders_sum_to_one(scores: list[float]) -> None:
    each = np.array(list(permutations(scores)))
    assert np.exp(order.log_probability(each)).sum() == pytest.approx(1)


def test_the_probability_of_an_order_is_drawn_so_often() -> None:
    rng = np.random.default_rng(0)
    scores = np.array([1.0, 0.2, -0.5])
    drawn = np.argsort(-(scores + rng.gumbel(size=(40_000, 3))), axis=1)
    for one in permutations(range(3)):
        share = (drawn == one).all(axis=1).mean()
        assert np.exp(order.log_probability(scores[list(one)][None]))[0] == pytest.approx(share, abs=0.01)


def test_what_is_learned_is_where_the_slope_is_nothing() -> None:
    rng = np.random.default_rng(1)
    rows_of_items = sparse.csr_matrix(rng.normal(size=(9, 4)) * [1, 1, 0, 1] + np.eye(9, 4, -2))
    table = order.side_by_side([[2, 0, 1], [3, 4], [8, 7, 6, 5]])
    weights = np.array([1.0, 0.5, 2.0])

    def loss(point: np.ndarray[Any, Any]) -> float:
        scores = order.padded(np.asarray(rows_of_items @ point), table)
        return float(0.3 * (point @ point) / 2 - weights @ order.log_probability(scores))

    found = order.fit(order.columns(rows_of_items), table, weights, 0.3)
    around = [loss(found + step) for step in rng.normal(0, 0.1, (200, 4))]
    assert loss(found) < min(around)
    assert check_grad(loss, lambda point: 0 * point, found, epsilon=1e-6) == pytest.approx(0, abs=1e-3)


@given(st.permutations(list("abcdef")), st.permutations(list("abcdef")))
def test_tau_is_scipys(said: list[str], truth: list[str]) -> None:
    wanted = stats.kendalltau([said.index(one) for one in "abcdef"], [truth.index(one) for one in "abcdef"]).statistic
    assert order.kendall(said, truth) == pytest.approx(wanted)


def test_a_known_scorer_is_found_again() -> None:
    model = taught(rows(lists(100, 6, 0)))
    new = lists(200, 6, 1)
    said = asked(model, [data for data, _ in new])
    taus = [order.kendall(ids(one.answer), ids(truth)) or 0.0 for one, (_, truth) in zip(said, new, strict=True)]
    best = []
    for data, truth in new:  # who knows the true worth of each word cannot do better
        worth = [WORTH[item["title"].split()[0]] for item in data["items"]]
        known = [f"i{place}" for place in np.argsort(-np.array(worth), kind="stable")]
        best.append(order.kendall(known, ids(truth)) or 0.0)
    assert np.mean(best) > 0.7
    assert np.mean(taus) > 0.93 * np.mean(best)  # chance: 0
    assert model.quality is not None and model.quality.found["tau"] == pytest.approx(np.mean(taus), abs=0.06)


def test_confidence_is_as_high_as_orders_are_right() -> None:
    # Noise that makes about half of the orders of three items unforeseeable.
    model = taught(rows(lists(200, 3, 0, noise=2.0)))
    new = lists(600, 3, 1, noise=2.0)
    said = asked(model, [data for data, _ in new])
    right = np.array([one.answer == truth for one, (_, truth) in zip(said, new, strict=True)], dtype=float)
    sure = np.array([one.confidence for one in said], dtype=float)
    assert 0.3 < right.mean() < 0.8
    assert sure.mean() == pytest.approx(right.mean(), abs=0.06)
    high = sure > np.median(sure)
    assert right[high].mean() > right[~high].mean() + 0.1
    assert sure[high].mean() == pytest.approx(right[high].mean(), abs=0.1)


def test_what_stands_beside_the_list_counts() -> None:
    rng = np.random.default_rng(0)
    topics = {"sea": "harbour ship tide", "food": "bread soup cheese", "city": "street tram tower"}

    def searches(count: int) -> list[Example]:
        found = []
        for _ in range(count):
            asked_for = str(rng.choice(list(topics)))
            shown = [str(one) for one in rng.permutation(list(topics))]
            items = [{"id": topic, "body": f"{rng.choice(topics[topic].split())} {topic}"} for topic in shown]
            best = (asked_for, *sorted(topic for topic in shown if topic != asked_for))
            found.append(({"query": f"{asked_for} {asked_for} please", "items": items}, Ranking((("order", best),))))
        return found

    model = taught(rows(searches(80)))
    new = searches(60)
    said = asked(model, [data for data, _ in new])
    assert np.mean([ids(one.answer)[0] == ids(truth)[0] for one, (_, truth) in zip(said, new, strict=True)]) > 0.9


def test_what_comes_first_is_in_the_promised_share_of_sets() -> None:
    held, sizes, first = [], [], []
    for seed in range(10):
        model = taught(rows(lists(60, 4, seed, noise=3.0)))
        new = lists(100, 4, 1000 + seed, noise=3.0)
        pairs = list(zip(asked(model, [data for data, _ in new]), new, strict=True))
        held.append(np.mean([ids(truth)[0] in (one.possible or ()) for one, (_, truth) in pairs]))
        first.append(np.mean([ids(truth)[0] == ids(one.answer)[0] for one, (_, truth) in pairs]))
        sizes.append(np.mean([len(one.possible or ()) for one, _ in pairs]))
        assert all(ids(one.answer)[0] in (one.possible or ()) for one, _ in pairs)
    assert np.mean(held) >= 0.9 - 3 * np.std(held) / np.sqrt(len(held))
    assert np.mean(held) < 0.94 and np.mean(first) < 0.7 and np.mean(sizes) < 3


def test_the_probability_to_come_first_is_how_often_an_item_does() -> None:
    told = taught(rows(lists(300, 3, 0, noise=3.0)))
    new = lists(1000, 3, 1, noise=3.0)
    found = [one for one in (read(told.view, data) for data, _ in new) if one is not None]
    said = told.ranker.tell(told.encoder.encode(found), [3] * len(found), np.zeros(len(found), dtype=np.int64))
    shares = np.concatenate([one.shares[:, 0] for one in said])
    came = np.array([item == ids(truth)[0] for _, truth in new for item in ("i0", "i1", "i2")])
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1)):
        inside = (shares >= low) & (shares < high)
        assert shares[inside].mean() == pytest.approx(came[inside].mean(), abs=0.06)


def unsure_buckets(count: int, seed: int) -> list[Example]:
    """Each item goes into the bucket "good" with a probability that its word tells, else into "poor"."""
    rng = np.random.default_rng(seed)
    found = []
    for data, answer in lists(count, 4, seed):
        worth = {item["id"]: WORTH[item["title"].split()[0]] for item in data["items"]}
        good = [one for one in ids(answer) if rng.random() < 1 / (1 + np.exp(-worth[one] / 2))]
        poor = [one for one in ids(answer) if one not in good]
        found.append((data, Ranking((("good", tuple(good)), ("poor", tuple(poor))))))
    return found


def test_of_the_items_of_each_bucket_the_promised_share_is_in_the_set() -> None:
    held: list[tuple[float, ...]] = []
    for seed in range(5):
        model = taught(rows(unsure_buckets(50, seed)), BUCKETS)
        new = unsure_buckets(100, 1000 + seed)
        shares: tuple[list[float], list[float]] = ([], [])
        for one, (_, truth) in zip(asked(model, [data for data, _ in new]), new, strict=True):
            there = {(own["bucket"], own["item"]) for own in one.possible or () if not isinstance(own, str)}
            for place, name in enumerate(("good", "poor")):
                assert {(name, item) for item in ids(one.answer, place)} <= there
                if items := ids(truth, place):
                    shares[place].append(float(np.mean([(name, item) in there for item in items])))
        held.append(tuple(float(np.mean(own)) for own in shares))
    error = np.std(held, axis=0) / np.sqrt(len(held))
    assert (np.mean(held, axis=0) >= 0.9 - 3 * error).all()
    assert (np.mean(held, axis=0) < 0.96).all()


def sorted_lists(count: int, seed: int) -> list[Example]:
    """Items of worth above 3 are good, of worth below -3 poor, the others are left out; the best comes first."""
    found = []
    for data, answer in lists(count, 5, seed, noise=0.01):
        worth = {item["id"]: WORTH[item["title"].split()[0]] for item in data["items"]}
        good = tuple(one for one in ids(answer) if worth[one] > 3)
        poor = tuple(one for one in ids(answer) if worth[one] < -3)
        found.append((data, Ranking((("good", good), ("poor", poor)))))
    return found


def test_buckets_are_filled_and_put_in_order() -> None:
    model = taught(rows(sorted_lists(80, 0)), BUCKETS)
    new = sorted_lists(100, 1)
    said = asked(model, [data for data, _ in new])
    for bucket in (0, 1):
        hits = [
            set(ids(one.answer, bucket)) == set(ids(truth, bucket)) for one, (_, truth) in zip(said, new, strict=True)
        ]
        assert np.mean(hits) > 0.9
    assert model.quality is not None and (model.quality.found["buckets"] or 0) > 0.95


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Here:
    outside = serving(tmp_path_factory.mktemp("rankings"))
    assert learned(outside, rows(lists(60, 4, 0)), XML) is not None
    return Here(serving(outside.settings.data))  # read anew from the disk


def test_an_order_is_suggested_over_http(there: Here) -> None:
    items = [{"id": 3, "title": "awful river"}, {"id": 1, "title": "superb table"}, {"id": 2, "title": "plain paper"}]
    (prediction,) = there.predict({"id": 900, "data": {"query": "which", "items": items}}, xml=XML)
    said = read_answers(parse(XML), prediction["result"])["order"]
    assert ids(said) == ("1", "2", "3")
    (region,) = prediction["result"]
    assert region["type"] == "ranker" and 0 < region["score"] < 1
    signals = region["meta"]["tiebreak"]
    assert 1 <= signals.pop("set_size") <= 3
    assert set(signals) == set(SIGNALS)
    assert all(0 <= value <= 1 for value in signals.values())


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (None, "holds no list of items to rank"),
        ([], "holds no list of items to rank"),
        ("a list", "holds no list of items to rank"),
        ([{"title": "no id"}], "has items without an id (a text or a whole number)"),
        ([{"id": 1}, {"id": "1"}], "has two items with the same id"),
        ([{"id": True}], "has items without an id (a text or a whole number)"),
        (["text"], "has items without an id (a text or a whole number)"),
        ([{"id": at} for at in range(1001)], "has more than 1,000 items"),
    ],
)
def test_what_is_no_list_gets_nothing_and_it_says_why(there: Here, items: object, words: str) -> None:
    good = {"id": 1, "title": "superb"}
    lines = there.score(
        {"id": 901, "data": {"items": items}}, {"id": 902, "data": {"items": [good, {"id": 2}]}}, xml=XML
    )
    assert [line["answer"] is None for line in lines] == [True, False]
    assert lines[0]["reason"]["words"].endswith(f": field 'items' {words}")
    assert sorted(line["place"] for line in lines) == [0, 1]


some = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=3),
    st.text(st.characters(categories=["Cs"]), max_size=2),
    st.lists(st.text(max_size=3), max_size=2),
)
shown = st.lists(st.dictionaries(st.sampled_from(["id", "title", "body", "x"]), some, max_size=4), max_size=4)


@settings(max_examples=up_to(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(some, shown), some)
def test_whatever_a_task_holds_it_gets_a_result(there: Here, items: Any, query: Any) -> None:
    (prediction,) = there.predict({"id": 7000, "data": {"items": items, "query": query}}, xml=XML)
    said = read_answers(parse(XML), prediction["result"]).get("order")
    assert 0 <= prediction["score"] <= 1
    assert said is None or sorted(ids(said)) == sorted(str(item["id"]) for item in items)


def test_an_interface_that_asks_something_else_gets_nothing(there: Here) -> None:
    data = lists(1, 4, 9)[0][0]
    for changed in (BUCKETS, XML.replace("$items", "$others"), XML.replace("$query", "$question")):
        assert there.predict({"id": 903, "data": data}, xml=changed)[0]["result"] == []


def test_training_tasks_are_judged_by_a_model_that_has_not_seen_them() -> None:
    found = rows(lists(60, 4, 0))
    odd = (
        {"query": "q", "items": [{"id": "a", "title": "zzyx"}, {"id": "b", "title": "qwrt"}]},
        Ranking((("order", ("b", "a")),)),
    )
    model = taught([*found, *rows([odd], first=500)])
    (known,), (new,) = asked(model, [odd[0]], first=500), asked(model, [odd[0]])
    assert new.confidence is not None and known.confidence is not None
    assert ids(new.answer) == ("b", "a")
    assert new.confidence > known.confidence or known.answer != odd[1]


def test_the_holdout_teaches_nothing_and_measures() -> None:
    plain = taught(rows(lists(40, 4, 0)))
    held = taught([*rows(lists(40, 4, 0)), *rows(lists(40, 4, 1), first=1000, holdout=True)])
    assert np.array_equal(plain.ranker.scorers, held.ranker.scorers)
    assert held.quality is not None and (held.quality.source, held.quality.n) == ("holdout", 40)


@pytest.mark.parametrize(
    ("found", "xml", "reason"),
    [
        (rows(lists(9, 4, 0)), XML, "9 ranked lists, 10 are needed"),
        (rows(lists(20, 1, 0)), XML, "no list has two items"),
        (rows(lists(20, 4, 0)), BUCKETS, "0 ranked lists"),
        (rows([(data, Ranking((("order", ("i0",)),))) for data, _ in lists(20, 4, 0)]), XML, "0 ranked lists"),
        (rows([(data, Ranking((("order", ("x",)),))) for data, _ in lists(20, 1, 0)]), XML, "0 ranked lists"),
        (rows(lists(20, 4, 0)), XML.replace("$items", "$items[0].parts"), "one <List> that stands"),
        (rows([({"items": [{"id": "i0"}, {"id": "i1"}]}, Ranking((("order", ("i1", "i0")),)))] * 12), XML, "empty"),
    ],
)
def test_what_cannot_be_learned_is_said(found: list[TrainingRow], xml: str, reason: str) -> None:
    with pytest.raises(NotLearnable, match=reason):
        taught(found, xml)


def test_the_interface_template_is_learned() -> None:
    xml = template("text-ranking")
    assert taught(rows(lists(20, 4, 0)), xml).view.parts[1].field == "query"


def test_scores_of_a_round_have_places(there: Here) -> None:
    datas = [data for data, _ in lists(30, 4, 7)]
    lines = there.score(*({"id": 3000 + at, "data": data} for at, data in enumerate(datas)), xml=XML)
    assert sorted(line["place"] for line in lines) == list(range(30))
    assert PROJECT
