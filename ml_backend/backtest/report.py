"""A backtest in words, as JSON, and as a page."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ExportError
from .curves import CONTROL, FEWEST_SEEDS, Summary, summaries
from .data import in_words as left_out_in_words
from .running import Backtest

BAND = 1.96


def as_json(found: Backtest) -> dict[str, Any]:
    """The whole of it, so that anyone can train an outside model on what was chosen."""
    return {
        "full_accuracy": found.full_accuracy,
        "strategies": {
            name: {
                "labels": list(runs[0].labels),
                "accuracy": [list(run.accuracy) for run in runs],
                "macro_f1": [list(run.macro_f1) for run in runs],
                "chosen": [list(run.chosen) for run in runs],
                "seconds": round(found.seconds[name], 3),
            }
            for name, runs in found.curves.items()
        },
    }


def rows(found: Backtest) -> list[tuple[str, str, str, str, str, str]]:
    """A row a strategy: name, accuracy in the end, areas, labels needed, difference to random; see ``HEADINGS``."""
    return [(name, *_words(one)) for name, one in summaries(found.curves).items()]


HEADINGS = (
    "strategy",
    "accuracy",
    "its area",
    "macro-F1's area",
    "labels needed",
    "macro-F1's area over random's, points",
)


def _words(one: Summary) -> tuple[str, str, str, str, str]:
    apart = one.against_random
    if apart is None:
        versus = ""
    elif apart.low is None or apart.high is None:
        versus = f"{apart.mean:+.1f} (too few seeds for an interval)"
    else:
        versus = f"{apart.mean:+.1f} ({apart.low:+.1f} to {apart.high:+.1f})"
    needed = "" if one.labels_needed is None else f"{one.labels_needed:,}"
    return f"{one.final_accuracy:.1%}", f"{one.accuracy_area:.1%}", f"{one.macro_f1_area:.1%}", needed, versus


def headline(found: Backtest) -> str:
    """What came out, in a sentence or two."""
    known = summaries(found.curves)
    said = f"A model of all labels is right on {found.full_accuracy:.1%}."
    if CONTROL not in known:
        return f"{said} Without the strategy random there is nothing to compare with."
    needed = known[CONTROL].labels_needed
    for name, one in known.items():
        if name == CONTROL or needed is None:
            continue
        return f"{said} {_claim(name, one, needed)}"
    return said


def _claim(name: str, one: Summary, needed: int) -> str:
    """How many labels a strategy saves, where the seeds show it: where its accuracy, the mean over its curve, is apart
    from that of random labels, and on the same side."""
    apart = one.accuracy_against_random
    if apart is None or apart.low is None or apart.high is None:
        return f"So few seeds show no saving of {name}: an interval takes {FEWEST_SEEDS}, with --seeds."
    if apart.high < 0 and one.labels_needed is None:
        return f"{name} does not reach what random labels reach in the end."
    saved = 0.0 if one.labels_needed is None else 1 - one.labels_needed / needed
    if (apart.low > 0 and saved > 0) or (apart.high < 0 and saved < 0):
        return (
            f"{name} reaches with {one.labels_needed:,} labels what random needs {needed:,} for: "
            f"{abs(saved):.0%} {'fewer' if saved > 0 else 'more'}."
        )
    return (
        f"That {name} saves labels is not shown: interval {apart.low:+.1f} to {apart.high:+.1f} points of accuracy "
        "over that of random labels, on the mean of the curve."
    )


def surroundings(found: Backtest) -> list[str]:
    """What was replayed: how many rows, which were left out and why, and where the texts ended before the budget."""
    data, used = found.data, next(iter(found.curves.values()))[0].labels[-1]
    said = [
        f"{len(data.classes):,} labeled texts to choose from, tested on {len(data.test_classes):,} others"
        + left_out_in_words(data.left_out)
    ]
    if used < found.plan.budget:
        said.append(f"The budget of {found.plan.budget:,} labels ends at {used:,}: there are no more texts to label.")
    return said


def write_page(found: Backtest, place: Path, title: str) -> None:
    """A page that can be mailed: the curves with bands of two standard errors, and the table."""
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows(found))
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in HEADINGS)
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><h1>{html.escape(title)}</h1>"
        f"<p>{html.escape(headline(found))}</p>"
        + "".join(f"<p>{html.escape(one)}</p>" for one in surroundings(found))
        + f"{_chart(found.curves, 'accuracy', 'accuracy')}"
        f"{_chart(found.curves, 'macro_f1', 'macro-F1')}<table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></html>"
    )
    try:
        place.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{place}: cannot be written: {error.strerror}") from error


STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; color: #1d2433; }
h1 { font-size: 1.4rem; } svg { max-width: 100%; height: auto; } table { border-collapse: collapse; margin-top: 1rem; }
th, td { text-align: right; padding: .3rem .8rem; border-bottom: 1px solid #e3e7ee; }
td { font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: #566176; font-size: .85rem; }
"""


def _chart(curves: Mapping[str, Any], what: str, title: str) -> str:
    import vl_convert  # slow to import

    values = []
    for name, runs in curves.items():
        table = np.array([getattr(run, what) for run in runs])
        error = BAND * table.std(axis=0, ddof=1) / np.sqrt(len(table)) if len(table) > 1 else np.zeros(table.shape[1])
        for labels, mean, wide in zip(runs[0].labels, table.mean(axis=0), error, strict=True):
            values.append(
                {
                    "strategy": name,
                    "labels": labels,
                    "mean": mean,
                    "low": max(0.0, mean - wide),
                    "high": min(1.0, mean + wide),
                }
            )
    across = {"field": "labels", "type": "quantitative", "title": "labels"}
    colour = {"field": "strategy", "type": "nominal", "title": None, "sort": list(curves)}
    up = {"type": "quantitative", "title": title, "scale": {"zero": False}}
    spec = {
        "data": {"values": values},
        "config": {"axis": {"labelFontSize": 12, "titleFontSize": 13}, "legend": {"labelFontSize": 13}},
        "width": 760,
        "height": 320,
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.15},
                "encoding": {"x": across, "y": {**up, "field": "low"}, "y2": {"field": "high"}, "color": colour},
            },
            {"mark": "line", "encoding": {"x": across, "y": {**up, "field": "mean"}, "color": colour}},
        ],
    }
    return str(vl_convert.vegalite_to_svg(spec))
