"""The charts of the page of the model: accuracy by version, the reliability diagram, and both learning curves."""

from collections.abc import Iterator, Sequence

import altair as alt

from ..quality.records import Estimate
from . import wording
from .charts import Chart, Look, Rows, data, shares
from .model import Bin, Point, Proof, Worth
from .model_versions import CHART
from .tables.table import Column, Row, Table

DRAWN = 40
"""Versions in the chart, the newest."""
CURVES = 4
"""Controls whose learning curves are drawn; the table of what labels are worth has all."""
CHOSEN, RANDOM = "chosen", "random share"

BINS = (
    Column("low", "Confidence from", "share", define="bin_bounds"),
    Column("high", "To", "share", define="bin_bounds"),
    Column("n", "Answers", "number", define="measured_on"),
    Column("confidence", "Says", "share", define="own_confidence"),
    Column("accuracy", "Is right", "share", define="model_accuracy"),
)
LEARNING = (
    Column("labels", "Labels", "number", define="curve_labels"),
    Column("how", "How tasks were taken", choices=(CHOSEN, RANDOM)),
    Column("right", "Is right", "share", define="curve_accuracy", interval=True),
    Column("usual", "Most frequent answer", "share", define="majority"),
)


def accuracy_chart(rows: Sequence[Row]) -> Chart | None:
    """Of the versions that were measured, where there are two or more."""
    rows = [row for row in rows if row["accuracy"].value is not None][-DRAWN:]
    if len(rows) < 2:
        return None
    said = f"Accuracy of {wording.counted(len(rows), 'version')}; the numbers are in the table below."
    return Chart(Table("accuracy", "Accuracy of each version", CHART, rows), draw_accuracy, said, size="half")


def calibration_chart(bins: Sequence[Bin]) -> Chart | None:
    """The reliability diagram, where the backend told of it."""
    if not bins:
        return None
    rows = [
        {"low": one.low, "high": one.high, "n": one.n, "confidence": one.confidence, "accuracy": one.accuracy}
        for one in bins
    ]
    said = "How often answers are right beside how sure the model is of them; the numbers are in the table below."
    keys = (("line-alpha", "share that is right"), ("line-bound", "as sure as right"))
    table = Table("calibration", "Is it as sure as it is right?", BINS, rows)
    return Chart(table, draw_calibration, said, size="half", keys=keys)


def learning_charts(worth: Sequence[Worth], before: int) -> Iterator[Chart]:
    """Both learning curves of each control that was proven, the first ones; ``before`` charts stand before them.

    Two stand side by side, and the last one takes what is left.
    """
    proven = [(one.control, one.proof) for one in worth if one.proof is not None and one.proof.by_choice][:CURVES]
    for place, (control, proof) in enumerate(proven, 1):
        table = Table(
            f"learning-{place}",
            f"Learning curve of {control}",
            LEARNING,
            list(_points(proof)),
            note=f"All models were asked about the same {wording.counted(proof.random, 'answer')} of the random share; "
            "those that taught a model were left out when it was asked.",
        )
        said = (
            f"How often models of {control} are right after so many labels of chosen tasks, and of tasks of the random "
            "share; the numbers are in the table below."
        )
        alone = place == len(proven) and (before + place) % 2
        keys = [("line-alpha", CHOSEN), ("line-percent", f"{RANDOM}, the control"), ("line-bound", "most frequent")]
        yield Chart(table, draw_learning, said, size="wide" if alone else "half", keys=keys)


def _points(proof: Proof) -> Iterator[Row]:
    for how, curve in ((CHOSEN, proof.by_choice), (RANDOM, proof.by_chance)):
        for one in curve:
            yield {"labels": one.labels, "how": how, "right": _estimate(one, proof.random), "usual": proof.majority}


def _estimate(one: Point, n: int) -> Estimate:
    return Estimate(one.accuracy, one.low, one.high, n)


def draw_accuracy(rows: Rows, look: Look) -> alt.LayerChart:
    """A point for each version with its interval as a line."""
    theme = look.theme
    lowest = min(row[key] for row in rows for key in ("accuracy", "accuracy_low") if row[key] is not None)
    x = alt.X("model:N", sort=None, axis=alt.Axis(title=None, labelOverlap="greedy", labelAngle=0, grid=False))
    domain = [max(0.0, min(0.5, lowest - 0.05)), 1.0]
    base = alt.Chart(data(rows)).encode(x=x)
    scale = alt.Scale(domain=domain, nice=False)
    value = base.encode(y=alt.Y("accuracy:Q", scale=scale, axis=shares()))
    interval = base.encode(y=alt.Y("accuracy_low:Q", scale=scale, axis=shares()), y2="accuracy_high:Q")
    return alt.LayerChart(
        layer=[
            interval.mark_rule(color=theme.accent, opacity=0.45, strokeWidth=3),
            value.mark_line(color=theme.accent, strokeWidth=1.5, opacity=0.6),
            value.mark_point(color=theme.accent, filled=True, size=60, opacity=1),
        ]
    )


def draw_calibration(rows: Rows, look: Look) -> alt.LayerChart:
    """A reliability diagram: on the dashed line the model is as sure as it is right; larger points are more answers."""
    theme = look.theme
    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("confidence:Q", scale=scale, axis=alt.Axis(title="says", format=".0%", tickCount=5, grid=False))
    y = alt.Y("accuracy:Q", scale=scale, axis=shares("is right"))
    line = alt.Chart(data([{"confidence": 0.0, "accuracy": 0.0}, {"confidence": 1.0, "accuracy": 1.0}]))
    base = alt.Chart(data(rows)).encode(x=x, y=y)
    return alt.LayerChart(
        layer=[
            line.mark_line(color=theme.soft, strokeDash=[4, 4], opacity=0.7).encode(x=x, y=y),
            base.mark_line(color=theme.accent, strokeWidth=2),
            base.mark_point(color=theme.accent, filled=True, opacity=1).encode(
                size=alt.Size("n:Q", legend=None, scale=alt.Scale(range=[40, 220]))
            ),
        ]
    )


def draw_learning(rows: Rows, look: Look) -> alt.LayerChart:
    """Both curves over the logarithm of the labels, with their intervals: chosen full with dots, random dashed."""
    theme = look.theme
    most, least = max(row["labels"] for row in rows), min(row["labels"] for row in rows)
    bounds = [row[key] for row in rows for key in ("right", "right_low", "usual") if row[key] is not None]
    ticks = [one for one in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000) if least <= one <= most]
    axis = alt.Axis(title="labels", values=ticks[:: 2 if look.narrow else 1], format=",d", grid=False)
    x = alt.X("labels:Q", scale=alt.Scale(type="log", domain=[least, most], nice=False), axis=axis)
    scale = alt.Scale(domain=[max(0.0, min(bounds) - 0.03), 1.0], nice=False)
    axis = shares("is right")
    layers: list[alt.Chart] = []
    for how, color, dash, shape in ((RANDOM, theme.warm, [6, 4], "square"), (CHOSEN, theme.accent, [1, 0], "circle")):
        base = alt.Chart(data([row for row in rows if row["how"] == how])).encode(x=x)
        value = base.encode(y=alt.Y("right:Q", scale=scale, axis=axis))
        band = base.encode(y=alt.Y("right_low:Q", scale=scale, axis=axis), y2="right_high:Q")
        layers += [
            band.mark_area(color=color, opacity=0.14),
            value.mark_line(color=color, strokeWidth=2, strokeDash=dash),
            value.mark_point(color=color, filled=True, shape=shape, size=36, opacity=1),
        ]
    usual = alt.Chart(data([row for row in rows if row["usual"] is not None]))
    line = usual.mark_line(color=theme.soft, strokeDash=[1, 3]).encode(x=x, y=alt.Y("usual:Q", scale=scale, axis=axis))
    return alt.LayerChart(layer=[line, *layers])
