"""What the demo found, measured against what is known to be true."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from label_config.ordering import score_from_priority

from ..opening import Services
from ..quality.findings import KINDS
from ..store import projects, reviews
from ..store.tables import annotators, consensus, queue, scores, tasks
from .material import Truth

BINS = 10


def truth_by_key(services: Services, project: int, truth: Truth) -> dict[int, Mapping[str, tuple[str, ...]]]:
    """The truth by the store's task keys."""
    with services.store.read() as connection:
        rows = connection.execute(select(tasks.c.id, tasks.c.label_studio_id).where(tasks.c.project == project))
        return {row.id: truth[row.label_studio_id] for row in rows if row.label_studio_id in truth}


def consensus_facts(services: Services, project: int, truth: Truth) -> dict[str, Any]:
    """The method, and how often people's consensus is what is true: rulings left out. Null without known truth."""
    known = truth_by_key(services, project, truth)
    with services.store.read() as connection:
        query = select(consensus).join(tasks, tasks.c.id == consensus.c.task).where(tasks.c.project == project)
        rows = [row for row in connection.execute(query) if row.answer is not None]
    judged = [
        tuple(row.answer) == known[row.task][row.control]
        for row in rows
        if row.source == "consensus" and row.control in known.get(row.task, {})
    ]
    methods = sorted({row.method for row in rows})
    return {
        "method": ", ".join(methods) or None,
        "accuracy": sum(judged) / len(judged) if judged else None,
        "tasks": len(judged),
    }


def model_facts(services: Services, project: int, truth: Truth) -> dict[str, Any]:
    """Accuracy and expected calibration error on the tasks that the model was not trained on; null without truth."""
    known = truth_by_key(services, project, truth)
    with services.store.read() as connection:
        query = select(scores).join(tasks, tasks.c.id == scores.c.task).where(tasks.c.project == project)
        rows = [row for row in connection.execute(query) if row.out_of_sample and row.answer is not None]
    judged = [
        (row.confidence, tuple(row.answer) == known[row.task][row.control])
        for row in rows
        if row.control in known.get(row.task, {})
    ]
    return {
        "accuracy": sum(right for _, right in judged) / len(judged) if judged else None,
        "ece": expected_calibration_error(judged) if judged else None,
        "tasks": len(judged),
    }


def expected_calibration_error(judged: list[tuple[float, bool]]) -> float:
    """Mean distance of confidence and accuracy over ten bins of equal width, weighted by their size; in [0, 1].

    >>> round(expected_calibration_error([(0.95, True), (0.95, False)]), 2)
    0.45
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in judged:
        bins.setdefault(min(BINS - 1, int(confidence * BINS)), []).append((confidence, right))
    gaps = (abs(sum(c - r for c, r in part)) for part in bins.values())
    return sum(gaps) / len(judged)


def queue_keys(services: Services, home: int) -> list[str]:
    """Our keys of the open reviews in a review project (Label Studio's id), the most urgent first."""
    with services.store.read() as connection:
        key = projects.by_label_studio_id(connection, home).key
        waiting = reviews.open_in(connection, key)
    return [one.key for one in sorted(waiting, key=lambda one: score_from_priority(one.priority, one.task))]


def print_summary(
    out: Console, report: Mapping[str, Any], services: Services, project: int, pages: Mapping[str, str]
) -> None:
    """The summary as people read it."""
    for name, control in report["agreement"].items():
        alpha, percent = control["krippendorff_alpha"], control["percent_agreement"]
        out.print(f"\n[bold]Agreement on {name}[/bold]: Krippendorff's alpha {_shown(alpha)}, raw {_shown(percent)}")
        _print_pairs(out, control.get("pairs", []), services)
    facts, model, review = report["consensus"], report["model"], report["review"]
    out.print(
        f"[bold]Consensus[/bold] ({facts['method']}): {_percent(facts['accuracy'])} right against the known truth"
    )
    if model["version"]:
        out.print(
            f"[bold]Model[/bold] {model['version']}: {_percent(model['accuracy'])} right against the known truth on "
            f"tasks it never learned from, calibration error {_percent(model['ece'])} (its page measures both against "
            f"people's answers instead); one version everywhere: "
            f"{_yes(model['versions_agree'])}"
        )
    else:
        out.print("[bold]Model[/bold]: nothing is left to score")
    with services.store.read() as connection:
        back = connection.execute(select(queue.c.task).where(queue.c.project == project).distinct()).all()
    out.print(
        f"[bold]{len(back)} tasks came back[/bold] for review (served in exact order: {_yes(review['order_exact'])})"
    )
    out.print("   because (a task may have several reasons)")
    for kind, count in review["reasons"].items():
        out.print(f"   {count:4}  {KINDS.get(kind, kind)}")
    table = Table(box=None, pad_edge=False, show_header=False)
    for what, where in pages.items():
        table.add_row(f"[bold]{what}[/bold]", where)
    out.print()
    out.print(table)


def _print_pairs(out: Console, pairs: list[Mapping[str, Any]], services: Services) -> None:
    if not pairs:
        return
    with services.store.read() as connection:
        names = {row.id: row.name for row in connection.execute(select(annotators))}
    table = Table("pair", "tasks", "agreement", "Cohen's kappa", box=None, pad_edge=False)
    worst = sorted(pairs, key=lambda pair: (pair["percent_agreement"]["value"], pair["annotators"]))
    for pair in worst[:10]:
        who = " & ".join(names.get(one, str(one)) for one in pair["annotators"])
        table.add_row(who, str(pair["tasks"]), _shown(pair["percent_agreement"]), _shown(pair["cohen_kappa"]))
    out.print(table)
    if len(pairs) > 10:
        out.print(f"   ... and {len(pairs) - 10} more pairs: see the dashboard")


def _shown(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return f"undefined: {value.get('reason')}"
    interval = "" if value["low"] is None else rf" \[{value['low']:.2f}, {value['high']:.2f}]"
    return f"{value['value']:.2f}{interval}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "[red]NO[/red]", None: "nothing to check"}[value]
