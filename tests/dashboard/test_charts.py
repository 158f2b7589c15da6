"""The charts: clean under the pages' policy, cached by content, the same for every process."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sync.dashboard.charts import ChartCache, TrendChart, trend_charts
from sync.dashboard.report import Window, read_report
from sync.quality.records import Estimate

from .stage import browser, crowd, stage, texts

DAY = 86_400_000_000
NONE = Estimate(None, reason="no task has answers of two annotators")


def window(day: int, alpha: float | None) -> Window:
    estimate = NONE if alpha is None else Estimate(alpha, alpha - 0.1, alpha + 0.05, 20)
    return Window(day * DAY, (day + 1) * DAY, 20, estimate, estimate)


def chart(*alphas: float | None, theme: str = "light", size: str = "wide") -> TrendChart:
    return TrendChart(tuple(window(20_000 + day, alpha) for day, alpha in enumerate(alphas)), theme, size)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("alphas", [(0.8,), (0.5, None, 0.7), (-0.4, 0.2, 0.9), tuple([0.6] * 60)])
def test_every_variant_is_an_svg_without_style_or_script(
    theme: str, size: str, alphas: tuple[float | None, ...]
) -> None:
    svg = chart(*alphas, theme=theme, size=size).svg()
    names = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(svg).iter()}  # noqa: S314 - ours
    assert names <= {"svg", "g", "path", "line", "rect", "text", "defs", "clipPath"}
    assert not re.search(r"\s(style|on\w+|href|xlink:href)=", svg)


def test_the_key_names_the_content() -> None:
    assert chart(0.5).key == chart(0.5).key
    assert len({chart(0.5).key, chart(0.6).key, chart(0.5, theme="dark").key, chart(0.5, size="narrow").key}) == 4


def test_the_cache_draws_once_and_forgets_the_oldest() -> None:
    cache = ChartCache(capacity=1)
    first, second = chart(0.5), chart(0.6)
    svg = cache.get(first.key, lambda: [first])
    assert svg is not None
    assert cache.get(first.key, list) == svg
    assert cache.get(second.key, lambda: [first, second]) is not None
    assert cache.get(first.key, list) is None


def test_a_page_names_charts_that_any_process_can_draw(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(40)).answer(crowd(40, {1: 0.9, 2: 0.9, 3: 0.9})).assess()
    page = browser(one).get("/projects/7").get_data(as_text=True)
    addresses = set(re.findall(r"/projects/7/charts/\w+\.svg", page))
    assert len(addresses) == 4
    reply = browser(one).get(min(addresses))
    assert reply.mimetype == "image/svg+xml"
    assert "immutable" in reply.headers["Cache-Control"]
    assert browser(one).get("/projects/7/charts/feed.svg").status_code == 404
    assert browser(one).get("/projects/8/charts/feed.svg").status_code == 404


def test_no_chart_without_a_value() -> None:
    raw = {"type": "Choices", "trend": [{"from": 0, "to": DAY, "tasks": 0, "percent_agreement": None}]}
    report = read_report({"controls": {"c": raw}}, 0)
    assert trend_charts(report.controls[0]) == {}
