"""What the commands print: sentences for people on a terminal, one JSON document for programs."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .shown import SafeConsole, visible

if TYPE_CHECKING:  # what is only named costs no start-up time
    from .doctor import Diagnosis
    from .progress import Progress as Now
    from .progress import Tell
    from .store.history import Event

UNBROKEN = 10_000
"""Columns where no terminal is: what is piped or logged is broken by nobody."""

out = SafeConsole(width=None if sys.stdout.isatty() else UNBROKEN)
err = SafeConsole(stderr=True, width=None if sys.stderr.isatty() else UNBROKEN)


def say(text: str) -> None:
    """A line of an answer."""
    out.print(text, markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Something to know beside the answer."""
    err.print(f"tiebreak: {text}", markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Something that went wrong without stopping the command."""
    err.print(f"tiebreak: {text}", style="yellow", markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """Why a command ends without having done what it was asked."""
    err.print(f"tiebreak: {text}", style="red", markup=False, soft_wrap=True)


def print_json(found: object) -> None:
    """One document and nothing else."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def show_pull(found: Mapping[str, Any]) -> None:
    """What a pull took in."""
    say(f"  {pulled_text(found)}")


def pulled_text(found: Mapping[str, Any]) -> str:
    """What a pull took in, in one sentence.

    >>> pulled_text({"tasks": 2, "annotations": 3, "versions": 4, "rejected": 1, "deleted": 0})
    'new: 2 tasks, 3 annotations, 1 edit; 1 set aside (unreadable result)'
    >>> pulled_text({"tasks": 0, "annotations": 0, "versions": 0, "rejected": 0, "deleted": 0})
    'nothing new'
    """
    edits = found["versions"] - found["annotations"]
    new = [
        counted(found["tasks"], "task"),
        counted(found["annotations"], "annotation"),
        counted(max(0, edits), "edit"),
    ]
    parts = [f"new: {', '.join(text for text in new if text)}"] if any(new) else ["nothing new"]
    if found["rejected"]:
        parts.append(f"{found['rejected']} set aside (unreadable result)")
    if found["deleted"]:
        parts.append(f"{found['deleted']} found deleted")
    return "; ".join(parts)


def counted(number: int, noun: str) -> str:
    """A number with its noun; nothing for 0.

    >>> counted(1, "task"), counted(2, "task"), counted(0, "task")
    ('1 task', '2 tasks', '')
    """
    return f"{number} {noun}{'s' * (number != 1)}" if number else ""


def show_resolve(found: Mapping[str, Any]) -> None:
    """What reviewers decided."""
    say(f"  {ruled_text(found)}")


def ruled_text(found: Mapping[str, Any]) -> str:
    """New rulings and what was written of them.

    >>> ruled_text({"rulings": 1, "ground_truths": 1, "votes": 0})
    '1 new ruling, 1 ground truth written'
    >>> ruled_text({"rulings": 0, "ground_truths": 0, "votes": 2})
    'no new rulings, 2 late answers'
    """
    parts = [counted(found["rulings"], "new ruling") or "no new rulings"]
    if found["ground_truths"]:
        parts.append(f"{counted(found['ground_truths'], 'ground truth')} written")
    if found["votes"]:
        parts.append(counted(found["votes"], "late answer"))
    return ", ".join(parts)


def show_refresh(found: Mapping[str, Any]) -> None:
    """What a scoring round did."""
    if found["changed"]:
        say(f"  {counted(found['scored'], 'task')} scored as {found['version']}")
    elif found["version"]:
        say(f"  nothing to score anew: Label Studio serves by {found['version']}")
    else:
        say("  nothing to score: no task is open")


def show_push(found: Mapping[str, Any]) -> None:
    """What was sent to review."""
    say(f"  {pushed_text(found)}")


def pushed_text(found: Mapping[str, Any]) -> str:
    """What was sent to review.

    >>> nothing = dict.fromkeys(("pushed", "renewed", "withdrawn", "reopened", "removed"), 0)
    >>> pushed_text({**nothing, "pushed": 2, "withdrawn": 1})
    '2 tasks sent to review, 1 review withdrawn'
    >>> pushed_text({**nothing, "removed": 1, "renewed": 1, "reopened": 1})
    'nothing new to review, reasons of 1 review renewed, 1 review opened again, 1 duplicate removed'
    """
    parts = [f"{counted(found['pushed'], 'task')} sent to review" if found["pushed"] else "nothing new to review"]
    if found["renewed"]:
        parts.append(f"reasons of {counted(found['renewed'], 'review')} renewed")
    if found["withdrawn"]:
        parts.append(f"{counted(found['withdrawn'], 'review')} withdrawn")
    if found["reopened"]:
        parts.append(f"{counted(found['reopened'], 'review')} opened again")
    if found["removed"]:
        parts.append(f"{counted(found['removed'], 'duplicate')} removed")
    return ", ".join(parts)


def show_report(report: Mapping[str, Any]) -> None:
    """Agreement and queue of one project."""
    for name, control in report["controls"].items():
        say(f"  {name}: {control_text(control)}")
        for label, estimate, style in (
            ("Krippendorff's alpha", control["krippendorff_alpha"], ".2f"),
            ("agreement", control["percent_agreement"], ".0%"),
        ):
            say(f"    {label:<21} {estimate_text(estimate, style)}")
    for text in left_out_texts(report):
        say(f"  {text}")
    if partial := report.get("partial"):
        since = datetime.fromtimestamp(partial["full_at"] / 1e6, UTC)
        say(f"  agreement of {since:%Y-%m-%d %H:%M} UTC; {counted(partial['tasks'], 'task')} judged anew since")
    queue = report["queue"]
    bands = ", ".join(f"P{band} {count}" for band, count in queue["bands"].items() if count)
    say(f"  {_queued_text(queue['total'], len(report['controls']))} to look at again{f' ({bands})' if bands else ''}")
    if report["accepted"]["n"]:
        audits = counted(report["accepted"]["n"], "random audit")
        say(f"  accepted answers that are right: {estimate_text(report['accepted'], '.0%')} by {audits}")


def _queued_text(entries: int, controls: int) -> str:
    """How much is in the queue: an entry is a task and a control, so a task can have several.

    >>> _queued_text(1, 1), _queued_text(0, 2), _queued_text(1, 2), _queued_text(2, 2)
    ('1 task', 'no task', '1 entry', '2 entries')
    """
    if not entries or controls == 1:
        return counted(entries, "task") or "no task"
    return f"{entries} {'entries' if entries > 1 else 'entry'}"


def left_out_texts(report: Mapping[str, Any]) -> Iterator[str]:
    """What of the answers somebody should know about before they believe the numbers.

    >>> gone = {"control": "mood", "reason": "control 'mood': the label 'bad' is not there", "answers": 2}
    >>> list(left_out_texts({"excluded": {"outdated": [gone]}, "by_others": [{}]}))
    ["2 answers left out: control 'mood': the label 'bad' is not there", '1 answer was last written by somebody else']
    """
    for one in report["excluded"]["outdated"]:
        yield f"{counted(one['answers'], 'answer')} left out: {one['reason']}"
    if number := len(report["by_others"]):
        yield f"{counted(number, 'answer')} {'were' if number > 1 else 'was'} last written by somebody else"


def control_text(control: Mapping[str, Any]) -> str:
    """How much was answered.

    >>> control_text({"annotations": 1, "annotators": 1, "tasks": 1})
    '1 answer by 1 annotator on 1 task'
    """
    if not control["annotations"]:
        return "nothing answered yet"
    return (
        f"{counted(control['annotations'], 'answer')} by {counted(control['annotators'], 'annotator')} "
        f"on {counted(control['tasks'], 'task')}"
    )


def estimate_text(value: Mapping[str, Any], style: str) -> str:
    """An estimate as people read it.

    >>> estimate_text({"value": 0.8, "low": 0.71, "high": 0.9, "reason": None}, ".2f")
    '0.80 [0.71, 0.90]'
    >>> estimate_text({"value": None, "low": None, "high": None, "reason": "no pairs"}, ".0%")
    'undefined: no pairs'
    """
    if value["value"] is None:
        return f"undefined: {value['reason']}"
    interval = "" if value["low"] is None else f" [{value['low']:{style}}, {value['high']:{style}}]"
    return f"{value['value']:{style}}{interval}"


def show_run(found: Mapping[str, Any]) -> None:
    """What one run of the loop did."""
    show_report(found["assessment"]["report"])
    said = [pulled_text(found["pull"]), ruled_text(found["resolve"]), pushed_text(found["push"])]
    if found["refresh"] and found["refresh"]["changed"]:
        said.insert(2, f"{counted(found['refresh']['scored'], 'task')} scored as {found['refresh']['version']}")
    if found["overlap"]:
        said.append(overlap_text(found["overlap"]))
    say(f"  {'; '.join(said)}")


def overlap_text(found: Mapping[str, Any]) -> str:
    """What was decided about further answers.

    >>> overlap_text({"raised": 2, "lowered": 0, "left": 0}), overlap_text({"raised": 0, "lowered": 1, "left": 3})
    ('2 tasks are to have one more answer', '1 task needs no more answers, 3 more to be changed by the next run')
    >>> overlap_text({"raised": 0, "lowered": 0, "left": 0})
    'no task gains enough by another answer to change anything'
    """
    parts = []
    if found["raised"]:
        parts.append(
            f"{counted(found['raised'], 'task')} {'are' if found['raised'] > 1 else 'is'} to have one more answer"
        )
    if found["lowered"]:
        parts.append(f"{counted(found['lowered'], 'task')} need{'s' * (found['lowered'] == 1)} no more answers")
    if found["left"]:
        parts.append(f"{found['left']} more to be changed by the next run")
    return ", ".join(parts) or "no task gains enough by another answer to change anything"


def show_diagnoses(found: "Sequence[Diagnosis]") -> None:
    """What the doctor found, each finding with what mends it."""
    for one in found:
        out.print(f"[{'green' if one.ok else 'red'}]{'ok ' if one.ok else 'BAD'}[/] ", end="")
        say(f"{one.check}: {one.message}")
        if one.remedy:
            say(f"      -> {one.remedy}")


def show_events(events: "Sequence[Event]") -> None:
    """What was seen of a task, the oldest first; by which interface it was read, where there were several."""
    several = any(event.interface not in (None, 1) for event in events)
    columns = ["when (UTC)", "what", "who", "details", "what became of it", *(["interface"] if several else [])]
    table = Table(*columns, box=None, pad_edge=False)
    for event in events:
        when = f"{datetime.fromtimestamp(event.at / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
        said = [_plain(text) for text in (event.what, event.who, event.details, event.became)]
        table.add_row(when, *said, *([str(event.interface or "")] if several else []))
    out.print(table)


def _plain(text: str) -> str:
    """What annotators wrote is no markup of ours."""
    return visible(text).replace("[", "\\[")


@contextmanager
def round_bar(title: str, visible: bool) -> "Iterator[Tell]":
    """A progress bar over the steps of something long, with rate and time left; it leaves nothing behind."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"))
    with Progress(*columns, console=err, transient=True, disable=not (visible and err.is_terminal)) as shown:
        counter = shown.add_task(_plain(title), total=None, speed="", visible=False)

        def tell(now: "Now") -> None:
            speed = "" if now.rate is None or now.left is None else f"{now.rate:,.0f}/s, {now.left:,.0f} s left"
            said = f"{_plain(title)}: {now.step}"
            shown.update(
                counter, description=said, completed=now.done, total=now.total, speed=speed, visible=True, refresh=True
            )

        yield tell


@contextmanager
def bytes_bar(title: str, total: int, visible: bool) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """A progress bar over ``total`` bytes of a file; yields how to advance it, and how to say what comes after them."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not (visible and err.is_terminal)) as progress:
        counter = progress.add_task(f"reading {_plain(title)}", total=total)
        yield (
            partial(progress.advance, counter),
            lambda name: progress.update(counter, description=f"measuring {_plain(name)}"),
        )
