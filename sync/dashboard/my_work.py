"""My work: one person's own numbers, by a personal link. It names nobody else, and needs no login."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
from flask import Blueprint, request
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound, TooManyRequests

from ..logins.personal import PATH, TooManyLinks, opened
from ..logins.roles import Person as Reader
from ..people.own import OwnRulings, own_rulings
from ..quality.annotators.means import means
from ..quality.records import Estimate
from ..settings import Settings
from ..store import summaries
from ..store.engine import Store
from ..store.personal_links import PersonalLink
from ..summaries import DAYS
from ..web.addresses import Proxies, neighbourhood
from ..web.guard import open_to_all
from . import queries, wording
from .charts import Chart, ChartCache, Ending, Look, Paint, Rows, by_day, counts, data, painted
from .figures import Figure
from .framing import Frame, address, label_studio
from .keeping import Kept
from .page import Asked, Page
from .people import Person, crowds
from .people_tables import rulings_table
from .queries import Place
from .serving import Answer, Desk
from .tables.table import Column, Row, Table

DAY = 86_400_000_000
"""Microseconds."""
IMAGES = 8 * 1024 * 1024
"""Bytes of images that are kept."""
SHOWN = 100
"""Rulings that are listed, the newest."""
OPENS_NOTHING = "This link opens nothing: it has ended, or a newer one took its place. Ask your lead for a new one."

CONTROLS = (
    Column("control", "Question", search=True),
    Column("answers", "Your answers", "number", define="own_answers"),
    Column("agreement", "With the others", "share", define="own_with_others", interval=True),
    Column("gold", "On known truths", "share", define="own_gold", interval=True),
    Column("myself", "With yourself", "share", define="own_with_self", interval=True),
    Column("acceptance", "Accepted", "share", define="own_acceptance", interval=True),
    Column("longest", "Longest run", "number", define="streak"),
    Column("improvement", "Improvement", "coefficient", define="own_improvement", interval=True),
)
BY_DAY = (Column("day", "Day", "day", define="day"), Column("answers", "Answers", "number", define="own_answers"))


@dataclass(frozen=True)
class Own(Asked):
    """What the page is asked for by whom the link is about."""

    me: int = 0
    ends_at: int = 0


@dataclass(frozen=True)
class OwnDesk(Desk):
    """Answers for the page of one link, whose ``token`` stands in its address."""

    link: PersonalLink | None = None
    token: str = ""

    def _asked(
        self,
        connection: Connection,
        number: int | None,
        args: Mapping[str, str] | None = None,
        person: Reader | None = None,
    ) -> Asked | None:
        del number  # the link says which project
        link = self.link
        assert link is not None
        project = next((one for one in queries.source_projects(connection) if one.key == link.project), None)
        if project is None:
            return None
        given = request.args if args is None else args
        who = person or self.who()
        now = self.clock()
        return Own(
            connection, self.settings, who, now, given, self.kept, project, me=link.person, ends_at=link.expires_at
        )

    def _here(self, page: Page, asked: Asked) -> str:
        del page, asked  # there is one page
        return f"{PATH}{self.token}"

    def _frame(self, page: Page, asked: Asked, tag: str) -> Frame:
        """Without anything that only a login opens."""
        return replace(super()._frame(page, asked, tag), project=None, tabs=[])


def blueprint(
    settings: Settings, store: Store, clock: Callable[[], int], proxies: Proxies, paint: Paint = painted
) -> Blueprint:
    """The page at its address, with its tables and charts, which ``paint`` draws."""
    routes = Blueprint("mine", __name__)
    kept, images = Kept(), ChartCache(IMAGES, paint)

    def desk(token: str) -> OwnDesk:
        """Raises NotFound for a link that opens nothing, TooManyRequests for who guesses."""
        try:
            link = opened(store, token, neighbourhood(proxies.client(request)), clock())
        except TooManyLinks as error:
            raise TooManyRequests(str(error)[:1].upper() + str(error)[1:] + ".", retry_after=error.seconds) from error
        if link is None:
            raise NotFound(OPENS_NOTHING)
        return OwnDesk(settings, store, lambda: Reader("", None), clock, [PAGE], kept, images, link=link, token=token)

    @routes.get(f"{PATH}<token>")
    @open_to_all
    def show(token: str) -> Answer:
        return desk(token).show(PAGE, None)

    @routes.get(f"{PATH}<token>.<any(csv, json):ending>")
    @routes.get(f"{PATH}<token>/tables/<name>.<any(csv, json):ending>")
    @open_to_all
    def table(token: str, ending: str, name: str = "") -> Answer:
        return desk(token).table(PAGE, None, name, ending)

    @routes.get(f"{PATH}<token>/charts/<key>.<any(svg, png):ending>")
    @open_to_all
    def chart(token: str, key: str, ending: Ending) -> Answer:
        return desk(token).chart(PAGE, None, key, ending)

    return routes


def _me(asked: Asked) -> Mapping[str, Person]:
    """Control -> one's own numbers; those of nobody else."""
    assert isinstance(asked, Own)
    found = {name: crowd.of(asked.me) for name, crowd in crowds(asked).items()}
    return {name: one for name, one in found.items() if one is not None}


def _rulings(asked: Asked) -> OwnRulings:
    assert isinstance(asked, Own)
    me = asked.me
    return asked.keep(f"rulings of {me}", lambda: own_rulings(asked.connection, asked.project.key, me, SHOWN))


def _days(asked: Asked) -> Sequence[Row]:
    """One's own answers day by day, from the first of the last 90 on which there was one."""
    assert isinstance(asked, Own)
    me = asked.me

    def find() -> Sequence[Row]:
        kept = summaries.of(asked.connection, asked.project.key, DAYS)
        counts = [] if kept is None else kept.body["people"].get(str(me), [])
        first = 0 if kept is None else kept.body["people_from"]
        rows = [{"day": first + place * DAY, "answers": count} for place, count in enumerate(counts)]
        begun = next((place for place, row in enumerate(rows) if row["answers"]), len(rows))
        return rows[begun:]

    return asked.keep(f"days of {me}", find, stamp=summaries.stamps(asked.connection, asked.project.key).get(DAYS))


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline and the tiles: of the question that was answered most."""
    assert isinstance(asked, Own)
    me, ruled = asked.once(_me), asked.once(_rulings)
    name = max(me, key=lambda name: me[name].profile["annotations"], default=None)
    return {
        "me": me,
        "ruled": ruled,
        "about": name,
        "lead": _lead(None if name is None else me[name], ruled),
        "figures": () if name is None else _figures(me[name], ruled),
        "ends_at": asked.ends_at,
        "made_at": next((crowd.made_at for crowd in crowds(asked).values()), None),
    }


def _lead(one: Person | None, ruled: OwnRulings) -> str:
    if one is None:
        return "Nothing is known of your answers yet."
    said = f"You gave {wording.counted(one.profile['annotations'], 'answer')}"
    others = one.estimate("agreement")
    if others.value is not None:
        share = f"{wording.percent(others.value)} {wording.between(others, 'share')}".strip()
        said += f", and agree with the others on {share} of those that they answered too"
    if ruled.ruled:
        said += f". A reviewer ruled on {ruled.ruled:,} of them: {ruled.same:,} as you had answered"
    return f"{said}."


def _figures(one: Person, ruled: OwnRulings) -> Sequence[Figure]:
    streak = one.thanks["streak"]
    runs: dict[str, Any] = {"n": streak["n"], "of": "answer", "reason": streak["reason"] or ""}
    return (
        Figure("own_answers", one.profile["annotations"]),
        _share("own_with_others", one.estimate("agreement")),
        _share("own_acceptance", one.rate("acceptance")),
        _share("own_same", _like_the_ruling(ruled), "ruling"),
        Figure("streak", streak["longest"], **runs),
        Figure("own_streak_now", streak["current"], **runs),
    )


def _like_the_ruling(ruled: OwnRulings) -> Estimate:
    """The share of rulings that say what one had said, with Jeffreys' interval."""
    as_ruled = (np.arange(ruled.ruled) < ruled.same).astype(np.float64)
    (one,) = means(np.zeros(ruled.ruled, np.int64), as_ruled, 1, "nothing of yours was ruled yet")
    return one


def _share(define: str, one: Any, of: str = "answer") -> Figure:
    return Figure(define, one.value, "share", one.low, one.high, one.n, of, one.reason or "")


def tables(asked: Asked) -> Sequence[Table]:
    """The rulings on one's answers with their reasons, and one's numbers by question."""
    here = asked.project.label_studio_id
    outside = label_studio(asked.settings)
    return [
        rulings_table(
            asked.once(_rulings),
            "Rulings on your answers",
            "None yet: they appear when a reviewer decides a task that you answered.",
            lambda task: address(outside, Place(here, task)),
        ),
        Table(
            "controls",
            "By question",
            CONTROLS,
            [_row(name, one) for name, one in asked.once(_me).items()],
            empty="Nothing is known yet.",
            note="Skipped, repeated and unreadable answers are left out. Accepted shares are drawn to everybody's "
            "where there are few answers.",
        ),
    ]


def _row(name: str, one: Person) -> Row:
    return {
        "control": name,
        "answers": one.profile["annotations"],
        "agreement": one.estimate("agreement"),
        "gold": one.estimate("gold"),
        "myself": one.estimate("self_agreement"),
        "acceptance": one.rate("acceptance"),
        "longest": one.thanks["streak"]["longest"],
        "improvement": one.improvement,
    }


def charts(asked: Asked) -> Sequence[Chart]:
    """One's answers by day, where there are any."""
    rows = asked.once(_days)
    if not rows:
        return []
    note = "Days are those of UTC; the last 90 at most."
    table = Table("days", "Your answers by day", BY_DAY, rows, note=note, size=30)
    total = sum(row["answers"] for row in rows)
    said = f"{wording.counted(total, 'answer')} on {wording.counted(len(rows), 'day')}, a bar a day."
    return [Chart(table, draw, said, height=170)]


def draw(rows: Rows, look: Look) -> alt.Chart:
    """A bar a day."""
    width = max(2, min(26, int(0.7 * look.width / max(len(rows), 1))))
    bars: alt.Chart = (
        alt.Chart(data(rows))
        .mark_bar(color=look.theme.accent, width=width, cornerRadiusEnd=2)
        .encode(
            x=alt.X("day:T", scale=alt.Scale(type="utc", padding=width), axis=by_day(rows, 4 if look.narrow else 9)),
            y=alt.Y("answers:Q", **counts(max(row["answers"] for row in rows), 4)),
        )
    )
    return bars


PAGE = Page("my_work", "My work", f"{PATH}<token>", read, tables, charts)
