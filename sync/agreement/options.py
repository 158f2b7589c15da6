"""The options of ``tiebreak agreement`` that no other command has, and what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..evidence.source import Named
from ..settings import Settings

Distances = Annotated[
    list[str] | None,
    typer.Option(help="NAME, or CONTROL=NAME for one control; module:function is one of your own. May be repeated."),
]
Coefficients = Annotated[
    list[str] | None,
    typer.Option(help="This one beside the agreement; may be repeated. Default: all that suit the control."),
]
Weights = Annotated[
    str | None,
    typer.Option(help="Weights of kappas and AC2: linear, quadratic ... (default: linear for ordered answers)."),
]
Fields = Annotated[list[str] | None, typer.Option(help="Cut by this field of the tasks' data; may be repeated.")]
ControlWeights = Annotated[
    list[str] | None, typer.Option(help="CONTROL=W: its weight in the overall agreement; may be repeated.")
]
LabelWeights = Annotated[
    list[str] | None, typer.Option(help="CONTROL:LABEL=W: its weight in its control's part; may be repeated.")
]
Resamples = Annotated[
    int | None,
    typer.Option(help="Resamples behind each interval (default: 1000). 0: no intervals.", min=0, max=100_000),
]
Seed = Annotated[int | None, typer.Option(help="Seed of the resampling (default: 0).", min=0)]
Confidence = Annotated[
    float | None,
    typer.Option(help="Coverage of each interval, from 0.5 to 0.999 (default: 0.95).", min=0.5, max=0.999),
]
Answers = Annotated[Path | None, typer.Option(help="JSONL of models' answers: task, control, version, answer.")]
Page = Annotated[Path | None, typer.Option(help="Write a page that can be mailed.")]


@dataclass(frozen=True, slots=True)
class Given:
    """The command line as it was typed; null and empty stand for what was not."""

    source: Named
    settings: Settings | None
    controls: Sequence[str]
    distances: Sequence[str]
    coefficients: Sequence[str]
    weights: str | None
    by: Sequence[str]
    control_weights: Sequence[str]
    label_weights: Sequence[str]
    bootstrap: int | None
    seed: int | None
    confidence: float | None
    predictions: Path | None
    ground_truth: bool
    html: Path | None
