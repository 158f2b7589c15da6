"""The charts: clean under the pages' policy, drawn once for each content, the same for every process."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sync.dashboard.causes import draw_causes
from sync.dashboard.charts import THEMES, WIDTHS, Chart, ChartCache, Draw, Look, Rows, Variant, data
from sync.dashboard.days import draw_came, draw_left
from sync.dashboard.model_charts import draw_calibration
from sync.dashboard.report import ControlReport, read_report
from sync.dashboard.trend import draw, trend_chart

from .stage import browser, crowd, stage, texts

DAY = 86_400_000_000


def control(*alphas: float | None) -> ControlReport:
    def estimate(alpha: float | None) -> dict[str, object]:
        return {"reason": "none"} if alpha is None else {"value": alpha, "low": alpha - 0.1, "high": alpha, "n": 20}

    trend = [
        {
            "from": (20_000 + day) * DAY,
            "to": (20_001 + day) * DAY,
            "tasks": 20,
            "percent_agreement": estimate(alpha),
            "krippendorff_alpha": estimate(alpha),
        }
        for day, alpha in enumerate(alphas)
    ]
    return read_report({"controls": {"c": {"type": "Choices", "trend": trend}}}, 0).controls[0]


def chart(*alphas: float | None) -> Chart:
    found = trend_chart(control(*alphas), "trend-1")
    assert found is not None
    return found


@pytest.mark.parametrize("look", ["light-wide", "dark-wide", "light-narrow", "dark-narrow"])
@pytest.mark.parametrize("alphas", [(0.8,), (0.5, None, 0.7), (-0.4, 0.2, 0.9), tuple([0.6] * 60)])
def test_every_variant_is_an_svg_without_style_or_script(look: str, alphas: tuple[float | None, ...]) -> None:
    svg = chart(*alphas).variants()[look].svg().decode()
    names = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(svg).iter()}  # noqa: S314 - ours
    assert names <= {"svg", "g", "path", "line", "rect", "text", "defs", "clipPath"}
    assert not re.search(r"\s(style|on\w+|href|xlink:href)=", svg)


def written(draw: Draw, rows: Rows, size: str = "half") -> list[str]:
    """What stands in the chart, in the order of the SVG."""
    svg = Variant("", draw, rows, Look(THEMES["light"], WIDTHS[size], 210)).svg()
    return [one.text for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("}text") and one.text]  # noqa: S314 - ours


def left(*numbers: int) -> Rows:
    nothing = dict.fromkeys(("likely", "earliest", "latest"))
    return [{"day": f"2026-10-{day:02}", "left": number, **nothing} for day, number in enumerate(numbers, 1)]


def came(*answers: int) -> Rows:
    return [{"day": f"2026-10-{day:02}", "answers": many, "completed": 0} for day, many in enumerate(answers, 1)]


def test_counts_are_written_in_full_and_days_once_each() -> None:
    assert written(draw_left, left(1250, 400)) == ["1 Oct", "2 Oct", "0", "250", "500", "750", "1,000", "1,250"]
    assert written(draw_came, came(0, 1)) == ["1 Oct", "2 Oct", "0", "1"]
    assert written(draw_came, came(1)) == ["1 Oct", "0", "1"]


def test_no_bar_reaches_the_edge() -> None:
    high = [float(one["answers"]) for one in came(24, 23)]
    scale = draw_came(came(24, 23), Look(THEMES["light"], WIDTHS["half"], 210)).to_dict()["layer"][0]["encoding"]["y"]
    assert scale["scale"]["domain"][1] > max(high)


def test_what_was_completed_on_the_only_day_is_seen() -> None:
    def points(days: int) -> int:
        look = Look(THEMES["light"], WIDTHS["half"], 210)
        drawn = Variant("key", draw_came, came(*[4] * days), look).svg().decode()
        return drawn.count('aria-roledescription="point"')

    assert [points(1), points(14), points(15)] == [1, 14, 0]


@pytest.mark.parametrize("size", ["half", "narrow"])
def test_days_of_an_axis_stand_apart(size: str) -> None:
    days = [one for one in written(draw_left, left(*range(60, 31, -1)), size) if "Oct" in one]
    assert 2 <= len(days) <= (8 if size == "half" else 5)


def test_shares_and_weeks_are_written_as_on_the_pages() -> None:
    bins = [{"low": 0.8, "high": 0.9, "n": 9, "confidence": 0.85, "accuracy": 0.8}]
    assert "20\N{NO-BREAK SPACE}%" in written(draw_calibration, bins)
    weeks = [{"week": week, "cause": "edge case", "rulings": 2} for week in ("2026-09-28", "2026-10-05")]
    assert [one for one in written(draw_causes, weeks) if one[0].isdigit()] == ["28 Sep", "5 Oct", "0", "1", "2"]


def test_the_key_names_the_content() -> None:
    def keys(one: Chart) -> list[str]:
        return [variant.key for variant in one.variants().values()]

    assert keys(chart(0.5)) == keys(chart(0.5))
    assert len({*keys(chart(0.5)), *keys(chart(0.6))}) == 8


drawn: list[Rows] = []


def draw_and_tell(rows: Rows, look: Look) -> object:
    drawn.append(rows)
    return draw(rows, look)


def test_an_image_is_drawn_once_and_the_oldest_is_forgotten() -> None:
    def known(*charts: Chart) -> Sequence[Variant]:
        return [one for each in charts for one in each.variants().values()]

    drawn.clear()
    cache = ChartCache(capacity=1)
    first = Chart(chart(0.5).table, draw_and_tell, "first")  # type: ignore[arg-type] # tells as well
    second = chart(0.6)
    key = first.variants()["light-wide"].key
    svg = cache.get(key, "svg", lambda: known(first))
    assert svg is not None
    assert cache.get(key, "svg", list) == svg
    assert len(drawn) == 1
    assert cache.get(second.variants()["light-wide"].key, "svg", lambda: known(first, second)) is not None
    assert cache.get(key, "svg", list) is None


def test_a_page_names_charts_that_any_process_can_draw(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(40)).answer(crowd(40, {1: 0.9, 2: 0.9, 3: 0.9})).assess()
    page = browser(one).get("/projects/7").get_data(as_text=True)
    addresses = set(re.findall(r"/projects/7/charts/\w+\.svg", page))
    assert len(addresses) == 4
    reply = browser(one).get(min(addresses))
    assert reply.mimetype == "image/svg+xml"
    assert "immutable" in reply.headers["Cache-Control"]
    (png,) = set(re.findall(r"/projects/7/charts/\w+\.png", page))
    assert browser(one).get(png).data.startswith(b"\x89PNG")
    assert browser(one).get("/projects/7/charts/feed.svg").status_code == 404
    assert browser(one).get("/projects/8/charts/feed.svg").status_code == 404


def test_no_chart_without_a_value() -> None:
    assert trend_chart(control(None), "trend-1") is None


def test_the_numbers_behind_a_chart_are_what_is_drawn() -> None:
    rows = chart(0.5, None).rows
    assert [row["alpha"] for row in rows] == [0.5, None]
    assert rows[0]["start"] == "2024-10-04T00:00:00Z"
    assert data(rows)["values"] == rows


def test_a_page_leaves_the_room_that_its_images_take(tmp_path: Path) -> None:
    client = browser(
        stage(tmp_path).people({1: "Ann", 2: "Bo"}).create(texts(20)).answer(crowd(20, {1: 0.9, 2: 0.7})).assess()
    )

    def images() -> list[tuple[int, int, str]]:
        page = client.get("/projects/7").get_data(as_text=True)
        assert "<img src" not in page
        found = re.findall(r'<(?:img|source) width="(\d+)" height="(\d+)"[^>]*? (?:src|srcset)="([^"]+)"', page)
        return [(int(width), int(height), address) for width, height, address in found]

    before = images()
    assert before
    for width, height, address in before:
        root = ElementTree.fromstring(client.get(address).get_data(as_text=True))  # noqa: S314 - ours
        drawn = float(root.attrib["width"]), float(root.attrib["height"])
        assert width / height == pytest.approx(drawn[0] / drawn[1], rel=0.2)
    for width, height, address in images():
        root = ElementTree.fromstring(client.get(address).get_data(as_text=True))  # noqa: S314 - ours
        assert (width, height) == (round(float(root.attrib["width"])), round(float(root.attrib["height"])))
