"""How good is the model, is it honest about it, and is labeling more worth it? Its versions and its calibration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ...quality.records import Estimate
from ...store.lease import last_beat
from ...store.model_facts import ModelCheck
from .. import drift_table, model_actions, model_charts, model_versions, queries, running, wording
from ..charts import Chart
from ..figures import Figure, estimated
from ..model import ModelState, Worth, equality, model_state
from ..model_versions import ROUNDS, Effect
from ..page import PROJECT, Asked, Page
from ..running import Job
from ..tables.table import Column, Table

WORTH = (
    Column("control", "Control", search=True),
    Column("labels", "Labels saved", "number", define="labels_saved", interval=True),
    Column("saved", "In words", sort=False),
    Column("chosen", "Chosen", "number", define="proof_chosen"),
    Column("random", "Random share", "number", define="proof_random"),
    Column("more", "More labels", sort=False),
    Column("signal", "So"),
)
SIGNALS = {True: "stop, or label what is hard", False: "go on", None: "not known yet"}


def read(asked: Asked) -> Mapping[str, Any]:
    """The model, its figures, and what goes on."""
    state, check = asked.once(_state), asked.once(_check)
    return {
        "model": state,
        "newest": asked.once(_newest),
        "lead": _lead(state),
        "figures": _figures(state, check, asked.project),
        "check": check,
        "sending": _sending(asked),
        "newest_kept": state.versions[-1] if state and state.versions else None,
        "effect": asked.once(model_versions.effect),
        "effect_figures": list(_effect(asked.once(model_versions.effect))),
        "drift": drift_table.sentence(asked),
        "drift_at": known.made_at if (known := asked.once(drift_table.kept)) else None,
        "others": [one for one in reversed(state.versions) if one != state.version] if state else [],
    }


def tables(asked: Asked) -> Sequence[Table]:
    """The versions, what labels are worth, and what changed over time."""
    state = asked.once(_state)
    worth = [
        {
            "control": one.control,
            "labels": _saved(one),
            "saved": one.saved,
            "chosen": one.proof.chosen if one.proof else None,
            "random": one.proof.random if one.proof else None,
            "more": one.more,
            "signal": SIGNALS[one.stop],
        }
        for one in (state.worth if state else ())
    ]
    return [
        Table(
            "versions",
            "Versions of the model",
            model_versions.COLUMNS,
            asked.once(model_versions.rows)[::-1],
            empty="No scoring round yet: “tiebreak run” begins one once a model was learned.",
            note=f"As measured when each version scored last; of the newest {ROUNDS} scoring rounds.",
            size=20,
        ),
        Table(
            "worth",
            "Is labeling more worth it?",
            WORTH,
            worth,
            empty="Not known yet: three models that are far enough apart are compared.",
            note=f"Labels saved are those of the last “tiebreak-ml proof {_key(asked)}” (with --data where its folder "
            "is another one), against choosing by chance. "
            "Whether more help is told by how answers to the random share change from version to version.",
        ),
        drift_table.drift_table(asked),
    ]


def _saved(one: Worth) -> Estimate:
    """In whole labels; why there is no number stands in the words beside it."""
    found = one.proof.saved if one.proof else Estimate(None)
    if found.value is None:
        return Estimate(None, reason="not known" if one.proof else "not proven yet")
    low, high = (None if bound is None else round(bound) for bound in (found.low, found.high))
    return Estimate(round(found.value), low, high, found.n)


def charts(asked: Asked) -> Sequence[Chart]:
    """Accuracy by version, the reliability diagram, the learning curves; each where there are numbers."""
    state = asked.once(_state)
    accuracy = model_charts.accuracy_chart(asked.once(model_versions.rows))
    calibration = model_charts.calibration_chart(state.bins if state else ())
    first = [one for one in (accuracy, calibration) if one is not None]
    return [*first, *model_charts.learning_charts(state.worth if state else (), len(first))]


def _lead(state: ModelState | None) -> str:
    """One sentence on the model."""
    if state is None or state.version is None:
        return "No model has been learned yet."
    quality = state.quality
    if quality is None:
        return f"{state.version} answers; how good it is cannot be said yet."
    limits = "" if quality.low is None else f" [{wording.percent(quality.low)}, {wording.percent(quality.high)}]"
    stops = [one.control for one in state.worth if one.stop]
    more = f" Labeling more is unlikely to help on {', '.join(stops)}." if stops else ""
    return (
        f"{state.version} is right on {wording.percent(quality.accuracy)}{limits} of answers that it has not learned "
        f"from.{more}"
    )


def _figures(state: ModelState | None, check: ModelCheck | None, project: queries.Project) -> Sequence[Figure]:
    quality = state.quality if state else None
    accuracy = Figure("model_accuracy", None, "share", reason="not measured yet")
    error = Figure("ece", None, "coefficient", reason="not measured yet")
    if quality is not None:
        number, low, high = quality.n, quality.low, quality.high
        accuracy = Figure(
            "model_accuracy", quality.accuracy, "share", low, high, number, "answer", tasks="#table-versions"
        )
        if quality.ece is not None:
            below = "#table-calibration" if state and state.bins else "#table-versions"
            error = Figure("ece", quality.ece, "coefficient", n=number, of="answer", tasks=below)
    differ = f"/projects/{project.label_studio_id}/queue?reasons={quote(wording.kind_name('model_conflict'))}"
    labels = state.trained_labels if state else None
    learned = Figure("trained_labels", labels, reason="nothing has been learned yet", tasks="#table-versions")
    return accuracy, error, equality(check, differ), learned


def _effect(found: Effect | None) -> Iterator[Figure]:
    """What the last decisions did to the model's accuracy."""
    if found is None:
        return
    came = found.decided
    below = "#table-versions"
    yield Figure("rulings_count", came.rulings, tasks=below)
    yield Figure("corrections_count", came.corrections, tasks=below)
    yield estimated("model_paired", found.paired, "coefficient", tasks=below)
    yield Figure("model_change", found.change, "coefficient", reason="one of the two was not measured", tasks=below)


def _state(asked: Asked) -> ModelState | None:
    return model_state(asked.connection, asked.project.label_studio_id)


def _newest(asked: Asked) -> queries.LastRound | None:
    return queries.last_round(asked.connection, asked.project)


def _check(asked: Asked) -> ModelCheck | None:
    return queries.model_check(asked.connection, asked.project)


def _sending(asked: Asked) -> Job | None:
    """The round that is not over; null where none is. It is counted again when it says something new."""
    under_way = running.rounds_under_way(asked.connection, [asked.project])
    if not under_way:
        return None
    (_, current) = under_way[0]
    told = last_beat(asked.connection, f"project:{asked.project.label_studio_id}:round")
    found: Job = asked.kept.get(
        ("round", asked.project.key),
        (current.key, told),
        lambda: running.round_job(asked.connection, asked.project, current),
    )
    return found


def _key(asked: Asked) -> str:
    """The project as `tiebreak-ml` names it."""
    return queries.backend_key(asked.connection, asked.project)


PAGE = Page("model", "Model", f"{PROJECT}/model", read, tables, charts, actions=model_actions.ACTIONS)
