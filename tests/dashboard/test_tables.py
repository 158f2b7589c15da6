"""Tables: what an address asks of them, CSV and JSON, and that the database finds what memory finds."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Connection, Float, Integer, MetaData, Text, create_engine, insert, select
from sqlalchemy import Table as SqlTable

from sync.dashboard.tables.files import as_csv, as_json
from sync.dashboard.tables.from_url import wanted
from sync.dashboard.tables.selected import selected
from sync.dashboard.tables.table import Column, Link, Table, Wanted
from sync.dashboard.tables.view import view
from sync.quality.records import Estimate

from ..thorough import up_to

COLUMNS = (
    Column("name", "Name", search=True),
    Column("band", "Band", choices=("P1", "P2")),
    Column("right", "Right", "share", define="reliability"),
)
ROWS: list[dict[str, Any]] = [
    {"name": "Ann", "band": "P1", "right": 0.9},
    {"name": "bob", "band": "P2", "right": None},
    {"name": "Cy", "band": "P1", "right": 0.2},
]
PEOPLE = Table("people", "People", COLUMNS, ROWS, size=2)


def names(table: Table, asked: Wanted) -> list[str]:
    return [str(row["name"]) for row in table.find(asked).rows]


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({}, ["Ann", "bob"]),
        ({"page": "2"}, ["Cy"]),
        ({"page": "9"}, []),
        ({"page": "-1"}, ["Ann", "bob"]),
        ({"sort": "right"}, ["Cy", "Ann"]),
        ({"sort": "-right"}, ["Ann", "Cy"]),
        ({"sort": "-name"}, ["Cy", "bob"]),
        ({"sort": "nothing"}, ["Ann", "bob"]),
        ({"band": "P1"}, ["Ann", "Cy"]),
        ({"search": "B"}, ["bob"]),
        ({"search": "b", "band": "P1"}, []),
        ({"right": "0.9"}, ["Ann", "bob"]),
    ],
)
def test_the_address_says_what_is_wanted(args: dict[str, str], found: list[str]) -> None:
    assert names(PEOPLE, wanted(PEOPLE, args)) == found
    assert names(PEOPLE, wanted(PEOPLE, {f"people.{key}": one for key, one in args.items()}, "people.")) == found


def test_a_number_without_a_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="name their meaning with define="):
        Column("right", "Right", "share")
    with pytest.raises(ValueError, match=r"no definition 'rihgt': write it in sync/dashboard/definitions\.py"):
        Column("right", "Right", "share", define="rihgt")
    with pytest.raises(ValueError, match="since it stands in addresses"):
        Table("a/b", "A", COLUMNS, ROWS)


def written(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(as_csv(table, wanted(table, {}, whole=True))))))


def test_csv_runs_no_formula_and_leaves_numbers_numbers() -> None:
    columns = (
        Column("name", "Name"),
        Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
        Column("at", "At", "time"),
        Column("task", "Task", "link"),
    )
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    alpha = Estimate(-0.2, -0.5, 0.1, 9)
    rows = [{"name": one, "alpha": alpha, "at": 0, "task": Link("=7", "/projects/7")} for one in evil]
    head, *lines = written(Table("people", "People", columns, rows))
    assert head == [
        *("name", "alpha", "alpha_low", "alpha_high", "alpha_n", "alpha_reason", "at", "task", "task_address")
    ]
    assert [line[0] for line in lines] == [f"'{one}" for one in evil]
    assert all(
        line[1:] == ["-0.2", "-0.5", "0.1", "9", "", "1970-01-01T00:00:00Z", "'=7", "/projects/7"] for line in lines
    )


@given(st.lists(st.text(max_size=6), max_size=5))
def test_whatever_people_wrote_comes_back_from_csv_and_json(texts: list[str]) -> None:
    table = Table("people", "People", (Column("name", "Name"),), [{"name": one} for one in texts])
    lines = written(table)[1:]
    assert [line[0] for line in lines] == [f"'{one}" if one.startswith(tuple("=+-@\t\r")) else one for one in texts]
    read = json.loads("".join(as_json(table, wanted(table, {}, whole=True))))
    assert [row["name"] for row in read["rows"]] == texts
    assert read["total"] == len(texts)


KEPT = SqlTable(
    "kept",
    MetaData(),
    SqlColumn("id", Integer, primary_key=True),
    SqlColumn("name", Text),
    SqlColumn("band", Text),
    SqlColumn("right", Float),
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        KEPT.create(opened)
        opened.execute(insert(KEPT), [{"id": place, **row} for place, row in enumerate(MANY)])
        yield opened
    engine.dispose()


MANY: list[dict[str, Any]] = [
    {
        "name": f"Person_{place % 7}%",
        "band": f"P{1 + place % 2}",
        "right": None if place % 5 == 0 else place * 7 % 11 / 11,
    }
    for place in range(40)
]


@settings(max_examples=up_to(60), deadline=None)
@given(
    sort=st.sampled_from([None, "name", "right"]),
    descending=st.booleans(),
    search=st.sampled_from(["", "_", "%", "person_3", "PERSON", "x"]),
    band=st.sampled_from(["", "P1", "P2"]),
    start=st.integers(0, 45),
    limit=st.sampled_from([None, 1, 7]),
)
def test_the_database_finds_what_memory_finds(
    connection: Connection, sort: str | None, descending: bool, search: str, band: str, start: int, limit: int | None
) -> None:
    asked = Wanted(sort, descending, search, {"band": band} if band else {}, start, limit)
    by = {"name": KEPT.c.name, "band": KEPT.c.band, "right": KEPT.c.right}
    find = selected(
        connection,
        select(KEPT),
        by,
        lambda row: {"name": row.name, "band": row.band, "right": row.right},
        unique=KEPT.c.id,
        search=("name",),
    )
    in_memory, in_database = Table("a", "A", COLUMNS, MANY).find(asked), Table("a", "A", COLUMNS, find).find(asked)
    assert in_database.total == in_memory.total
    if sort is None or descending is False:
        assert list(in_database.rows) == list(in_memory.rows)
    else:
        assert [row[sort] for row in in_database.rows] == [row[sort] for row in in_memory.rows]


def test_a_table_of_the_database_is_written_whole_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.dashboard.tables.files.PIECE", 3)
    asked: list[Wanted] = []

    def find(one: Wanted) -> Any:
        asked.append(one)
        return Table("a", "A", COLUMNS, MANY).find(one)

    table = Table("a", "A", COLUMNS, find)
    assert len(written(table)) == 41
    assert [one.start for one in asked] == list(range(0, 40, 3))
    assert len(json.loads("".join(as_json(table, wanted(table, {}, whole=True))))["rows"]) == 40


def test_links_keep_what_the_reader_chose_and_lead_back_to_the_table() -> None:
    one = view(PEOPLE, "/p", "/p", {"band": "P1", "other.sort": "x", "sort": "name"}, "")
    assert [head.address for head in one.heads] == [
        "/p?band=P1&other.sort=x&sort=-name#table-people",
        "/p?band=P1&other.sort=x&sort=band#table-people",
        "/p?band=P1&other.sort=x&sort=-right#table-people",
    ]
    assert [head.sorted for head in one.heads] == ["ascending", "none", "none"]
    assert one.everything == "/p?other.sort=x&sort=name#table-people"
    assert one.kept == [("other.sort", "x"), ("sort", "name")]
    assert view(PEOPLE, "/p", "/p", {"page": "2"}, "").before == "/p#table-people"
    assert view(PEOPLE, "/p", "/p", {}, "").after == "/p?page=2#table-people"
    assert one.download("csv") == "/p.csv?band=P1&sort=name"


def test_a_column_apart_is_filtered_and_in_files_but_not_on_the_page() -> None:
    table = Table("a", "A", (COLUMNS[0], Column("band", "Band", choices=("P1", "P2"), apart=True)), ROWS)
    one = view(table, "/p", "/p", {"band": "P1"}, "")
    assert [head.column.key for head in one.heads] == ["name"]
    assert [(column.key, now) for column, now in one.filters] == [("band", "P1")]
    assert {row["band"] for row in one.rows} == {"P1"}
    assert next(iter(as_csv(table, Wanted()))) == "name,band\r\n"


def test_behind_the_last_page_stands_the_last_page() -> None:
    one = view(PEOPLE, "/p", "/p", {"page": "9"}, "")
    assert [row["name"] for row in one.rows] == ["Cy"]
    assert (one.first, one.last, one.before, one.after) == (3, 3, "/p#table-people", None)
    nobody = view(PEOPLE, "/p", "/p", {"page": "9", "search": "nobody"}, "")
    assert (nobody.rows, nobody.is_searched) == ([], True)


def test_nothing_is_offered_to_filter_where_there_is_nothing() -> None:
    empty = Table("people", "People", COLUMNS, [])
    assert view(empty, "/p", "/p", {}, "").filters == []
    (filtered,) = view(PEOPLE, "/p", "/p", {"band": "P3"}, "").filters
    assert filtered[1] == "P3"
