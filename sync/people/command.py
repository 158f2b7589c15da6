"""``tiebreak people``: decisions about annotators with their reasons, and personal links. Nothing is automatic."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .. import terminal
from ..report_options import AsJson, settings_file
from ..settings import load

if TYPE_CHECKING:
    from ..store.decisions import Decision

Config = Annotated[Path | None, settings_file("where the store is")]
Project = Annotated[int, typer.Argument(help="Label Studio id of the project.")]
Person = Annotated[str, typer.Argument(help="Label Studio user id, or e-mail address, of the annotator.")]
Why = Annotated[str, typer.Option("--why", help="The reason, in words that you would say to the person.")]

app = typer.Typer(
    no_args_is_help=True, help="Decisions about annotators, with reasons, and links to their own numbers."
)


@app.command("list")
def list_(project: Project, config: Config = None, as_json: AsJson = False) -> None:
    """Everybody who answered, who is paused, and what was decided about whom and why."""
    from ..store import decisions, personal_links
    from ..store.engine import open_existing
    from ..store.projects import source
    from .counting import counted

    with open_existing(load(config).store).read() as connection:
        key = source(connection, project).key
        paused, links = decisions.paused(connection, key), personal_links.links_of(connection, key)
        who = counted(connection, key)
        counts = dict.fromkeys(who.answers, "answers") | dict.fromkeys(who.late, "late reviews")
        found = {
            "people": [
                {"annotator": one, "paused_since": paused.get(one), "counts": counts.get(one)}
                for one in sorted((*who.answers, *who.late, *who.others))
            ],
            "decisions": [asdict(one) for one in decisions.decisions_of(connection, key)],
            "links": [{"annotator": one.person, "used_at": one.used_at, "ends_at": one.expires_at} for one in links],
        }
    if as_json:
        terminal.print_json(found)
    else:
        _show(found)


@app.command()
def pause(project: Project, person: Person, why: Why, config: Config = None) -> None:
    """Send what somebody answers from now on for review. Nobody is blocked: their answers count as before."""
    from ..store.decisions import PAUSE

    done = _decided(config, project, person, PAUSE, why)
    terminal.say(
        f"user {done.person} is paused: what they answer from now on is sent for review with the next pushes.\n"
        "Label Studio goes on serving them tasks, and their answers count; tell them why."
    )


@app.command()
def coach(project: Project, person: Person, why: Why, config: Config = None) -> None:
    """Note that somebody is talked with about their work, with the numbers of this moment; nothing else happens."""
    from ..store.decisions import COACH

    done = _decided(config, project, person, COACH, why)
    terminal.say(f"noted that user {done.person} is coached, with the numbers of now")


@app.command()
def resume(project: Project, person: Person, why: Why, config: Config = None) -> None:
    """End a pause; what was sent for review because of it stays there until it is ruled."""
    from ..store.decisions import RESUME

    done = _decided(config, project, person, RESUME, why)
    terminal.say(f"user {done.person} is paused no more; reviews that were begun stay")


@app.command()
def link(
    project: Project,
    person: Person,
    days: Annotated[int, typer.Option(help="It ends after so many days.", min=1, max=365)] = 90,
    revoke: Annotated[bool, typer.Option("--revoke", help="Make none: end the one there is.")] = False,
    config: Config = None,
) -> None:
    """Make a link to somebody's own numbers: shown once, and the store keeps a hash. An earlier one ends."""
    from ..logins.personal import PATH
    from ..opening import clock
    from ..store import personal_links
    from ..store.audit import COMMAND_LINE
    from ..store.engine import open_existing
    from ..store.projects import source
    from .deciding import new_link, person_of

    with open_existing(load(config).store).begin() as connection:
        key = source(connection, project).key
        number = person_of(connection, key, person)
        if revoke:
            had = personal_links.revoke(connection, key, number, now=clock(), actor=COMMAND_LINE)
            terminal.say(f"the link of user {number} opens nothing any more" if had else f"user {number} has no link")
            return
        token = new_link(connection, key, number, days, now=clock(), actor=COMMAND_LINE)
    terminal.note(
        f"put the address of `tiebreak serve` before it, and give it to user {number} alone: whoever has it sees their "
        "numbers. It is not shown again"
    )
    typer.echo(f"{PATH}{token}")


def _decided(config: Path | None, project: int, person: str, action: str, why: str) -> "Decision":
    from ..opening import clock
    from ..store.audit import COMMAND_LINE
    from ..store.engine import open_existing
    from ..store.projects import source
    from .deciding import decide, person_of

    with open_existing(load(config).store).begin() as connection:
        key = source(connection, project).key
        number = person_of(connection, key, person)
        return decide(connection, key, number, action, why, now=clock(), actor=COMMAND_LINE)


def _show(found: dict[str, Any]) -> None:
    paused = {one["annotator"] for one in found["people"] if one["paused_since"] is not None}
    for line in _who(found["people"]):
        terminal.say(line)
    terminal.say(f"paused: {', '.join(map(str, sorted(paused))) or 'nobody'}")
    if found["links"]:
        terminal.say(f"with a personal link: {', '.join(str(one['annotator']) for one in found['links'])}")
    if not found["decisions"]:
        terminal.say("nothing was decided about anybody")
        return
    table = Table("when", "annotator", "decision", "why", "numbers of then", "by", box=None, pad_edge=False)
    for row in rows(found["decisions"]):
        table.add_row(*map(escape, row))
    terminal.out.print(table)


def _who(people: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of whose answers count, as assessments count them, and of who else was there.

    >>> some = {1: "answers", 2: "answers", 5: "late reviews", 9: None}
    >>> for line in _who([{"annotator": one, "counts": counts} for one, counts in some.items()]):
    ...     print(line)
    2 annotators: 1, 2
    counted as one answer more where their reviews came too late for a ruling: 5
    nothing of theirs counts as an answer (skipped, ground truth, unreadable): 9
    """
    answers, late, others = (
        [str(one["annotator"]) for one in people if one["counts"] == counts]
        for counts in ("answers", "late reviews", None)
    )
    yield f"{terminal.counted(len(answers), 'annotator')}: {', '.join(answers)}" if answers else "no annotator"
    if late:
        yield f"counted as one answer more where their reviews came too late for a ruling: {', '.join(late)}"
    if others:
        yield f"nothing of theirs counts as an answer (skipped, ground truth, unreadable): {', '.join(others)}"


def rows(decisions: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """The lines of the table of decisions.

    >>> numbers = {"controls": {"mood": {"quality": 0.61, "annotations": 40, "agreement": None}}}
    >>> one = {"decided_at": 0, "person": 7, "action": "coach", "reason": "Talk.", "decided_by": "login:1"}
    >>> list(rows([{**one, "evidence": numbers}]))
    [['1970-01-01', '7', 'coach', 'Talk.', 'mood: quality 61 %, 40 answers', 'login:1']]
    """
    for one in decisions:
        when = f"{datetime.fromtimestamp(one['decided_at'] / 1e6, UTC):%Y-%m-%d}"
        reason = "(erased)" if one["reason"] is None else one["reason"]
        yield [when, str(one["person"]), one["action"], reason, _numbers(one["evidence"]), one["decided_by"]]


def _numbers(evidence: dict[str, Any]) -> str:
    said = []
    for name, one in evidence.get("controls", {}).items():
        quality = "unknown" if one.get("quality") is None else f"{one['quality']:.0%}".replace("%", " %")
        said.append(f"{name}: quality {quality}, {terminal.counted(one.get('annotations', 0), 'answer')}")
    return "; ".join(said) or "not assessed then"
