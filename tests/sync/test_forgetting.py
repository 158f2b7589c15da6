"""Forgetting somebody: nothing of their name or words is left, the figures stay the same, and nothing comes back."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from label_config.review import without_remarks
from sync.labelstudio.wire import RemoteAnnotation, RemoteTask, RemoteUser
from sync.store import acts, forgetting, intake
from sync.store.annotations import answers_of
from sync.store.audit_check import verify
from sync.store.engine import Store
from sync.store.forgetting import Erased
from sync.store.intake import Decoded
from sync.store.tables import annotation_versions, annotators, projects, reviews, rulings

from ..stores import new_store
from .terminal import Terminal

ANN, BOB = RemoteUser(7, "Ann Anonyma", "ann@example.com"), RemoteUser(8, "Bob Bekannt", "bob@example.com")
REMARK = "because of my aunt Mathilda"
RATIONALE = {"id": "r", "from_name": "tiebreak_rationale", "to_name": "text", "type": "textarea"}


def choice(note: str | None = None) -> dict[str, object]:
    meta = {} if note is None else {"meta": {"text": [note], "tiebreak": {"score": 1}}}
    return {"id": "c", "from_name": "mood", "type": "choices", "value": {"choices": ["good"]}, **meta}


def given(number: int, person: int, *, remark: bool, at: int = 5) -> RemoteAnnotation:
    result = [choice(REMARK)] if remark else [choice()]
    if remark:
        result.append({**RATIONALE, "value": {"text": [REMARK]}})
    return RemoteAnnotation(number, 1, at, person, person, False, False, 2.5, result)


def page(*annotations: RemoteAnnotation) -> list[RemoteTask]:
    return [RemoteTask(3, 1, 5, {"text": "hello"}, {}, 1, True, annotations)]


def decode(result: object, *_: object) -> Decoded:
    return Decoded({"mood": '["good"]'}, None)


def pulled(store: Store, *annotations: RemoteAnnotation) -> intake.Taken:
    """What a pull does with users and a page."""
    with store.begin() as connection:
        intake.save_users(connection, [ANN, BOB])
        taken = intake.save(connection, 1, page(*annotations), decode, 10)
        acts.pulled(connection, 1, taken, 10)
    return taken


def filled(store: Store) -> None:
    """Two people who answered, and a ruling of each with a rationale."""
    values = {"id": 1, "label_studio_id": 4, "created_at": 1, "title": "p", "kind": "source", "label_config": ""}
    with store.begin() as connection:
        connection.execute(insert(projects).values(**values))
    pulled(store, given(1, 7, remark=True), given(2, 8, remark=True))
    review = {"key": "k", "project": 1, "task": 1, "control": "mood", "round": 1, "band": 1, "priority": 0.5}
    review |= {"action": "adjudicate", "findings": [], "data": {}, "state": "open", "intended_at": 1, "id": 1}
    with store.begin() as connection:
        connection.execute(insert(reviews).values(**review))
        for version, person in ((1, 7), (2, 8)):
            ruling = {"reviewer": person, "answers": {"mood": '["good"]'}, "verdict": "several are acceptable"}
            ruling |= {"cause": None, "rationale": f"{REMARK}, {person}", "ruled_at": 6}
            connection.execute(insert(rulings).values(review=1, annotation_version=version, superseded=False, **ruling))
            acts.ruled(connection, 1, ruling, 11)


def test_name_address_and_remarks_go_and_answers_stay(any_store: Store) -> None:
    filled(any_store)
    with any_store.read() as connection:
        before = answers_of(connection, 1)
        assert forgetting.held(connection, 7) == Erased(1, 1, 1, 1)
    with any_store.begin() as connection:
        assert forgetting.forget(connection, 7, 20) == Erased(1, 1, 1, 1)
    with any_store.read() as connection:
        assert answers_of(connection, 1) == before
        assert connection.execute(select(annotators.c.id)).scalars().all() == [8]
        rows = connection.execute(select(rulings.c.reviewer, rulings.c.rationale))
        said = {row.reviewer: row.rationale for row in rows}
        assert said == {7: None, 8: f"{REMARK}, 8"}
        results = connection.execute(select(annotation_versions.c.annotator, annotation_versions.c.result)).all()
        assert {row.annotator: REMARK in json.dumps(row.result) for row in results} == {7: False, 8: True}
    found = verify(any_store)
    assert (found.whole, found.erased) == (True, 1)


def test_a_second_time_and_a_later_pull_write_nothing(any_store: Store) -> None:
    filled(any_store)
    with any_store.begin() as connection:
        forgetting.forget(connection, 7, 20)
    events = verify(any_store).events
    with any_store.begin() as connection:
        assert not forgetting.forget(connection, 7, 30).anything
    taken = pulled(any_store, given(1, 7, remark=True), given(2, 8, remark=True))
    assert taken == intake.Taken()
    assert verify(any_store).events == events
    with any_store.read() as connection:
        assert forgetting.held(connection, 7) == Erased(0, 0, 0, 0)


def test_what_they_write_later_is_taken_in_without_their_words(any_store: Store) -> None:
    filled(any_store)
    with any_store.begin() as connection:
        forgetting.forget(connection, 7, 20)
    taken = pulled(any_store, given(1, 7, remark=True, at=50), given(2, 8, remark=True, at=50))
    assert taken.versions == 2
    with any_store.read() as connection:
        assert forgetting.held(connection, 7) == Erased(0, 0, 0, 0)
        assert forgetting.held(connection, 8).results == 2


def test_nothing_of_it_is_left_in_the_file(tmp_path: Path, tiebreak: Terminal) -> None:
    file = tmp_path / "tiebreak.sqlite3"
    store = new_store(file)
    filled(store)
    with store.begin() as connection:  # Bob says other things
        connection.execute(annotators.delete().where(annotators.c.id == 8))
        forgetting.forget(connection, 8, 15)
    store.leave_nothing_behind()
    kept = b"".join(part.read_bytes() for part in tmp_path.glob("tiebreak.sqlite3*"))
    assert kept.count(b"Mathilda") and b"Anonyma" in kept and b"Bekannt" not in kept
    done = tiebreak("forget", "Ann@Example.com", "--yes")
    assert done.code == 0, done.err
    kept = b"".join(part.read_bytes() for part in tmp_path.glob("tiebreak.sqlite3*"))
    for words in (b"Mathilda", b"Anonyma", b"ann@example.com"):
        assert words not in kept
    store.close()


def test_the_commands_say_what_they_would_do_and_did(tmp_path: Path, tiebreak: Terminal) -> None:
    store = new_store(tmp_path / "tiebreak.sqlite3")
    filled(store)
    would = tiebreak("forget", "7")
    assert (would.code, "would be erased: name and address, 1 rationale" in would.out) == (0, True)
    with store.read() as connection:
        assert forgetting.held(connection, 7).anything
    said = tiebreak("audit", "log", "--action", "ruling")
    assert f"{REMARK}, 7" in said.out
    done = json.loads(tiebreak("forget", "7", "--yes", "--json").out)
    erased = {"names": 1, "rationales": 1, "results": 1, "audit_words": 1, "decisions": 0, "links": 0}
    erased |= {"typed": 0, "labels": 0, "shown": 0}
    assert done["erased"] == erased
    assert "forgotten already" in tiebreak("forget", "7").out
    assert "knows nobody called 'eve@example.com'" in tiebreak("forget", "eve@example.com").err
    whole = tiebreak("audit", "verify")
    assert (whole.code, "words of 1 were erased on request" in whole.out) == (0, True)
    store.close()


def test_the_log_for_programs_and_a_broken_chain(tmp_path: Path, tiebreak: Terminal) -> None:
    store = new_store(tmp_path / "tiebreak.sqlite3")
    filled(store)
    log = json.loads(tiebreak("audit", "log", "--json").out)
    assert [one["action"] for one in log] == ["pull", "ruling", "ruling"]
    assert log[1]["subject"]["task"] == 3
    assert [one["actor"] for one in json.loads(tiebreak("audit", "log", "--task", "3", "--json").out)] == [
        "user:7",
        "user:8",
    ]
    assert json.loads(tiebreak("audit", "log", "--since", "1970-01-01T00:00:01", "--json").out) == []
    table = tiebreak("audit", "log", "--csv", "--project", "4").out.splitlines()
    assert table[0] == "number,at,actor,action,project,subject,why,words,erased,hash"
    assert len(table) == 4
    assert "is no moment" in tiebreak("audit", "log", "--since", "yesterday").err
    assert "nothing is recorded that fits" in tiebreak("audit", "log", "--action", "none").out
    head = json.loads(tiebreak("audit", "verify", "--json").out)["head"]
    assert "the noted head is event 3" in tiebreak("audit", "verify", "--head", head).out
    assert "is no head" in tiebreak("audit", "verify", "--head", "abc").err
    assert tiebreak("audit", "verify", "--head", "f" * 64).code == 1
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_events SET actor = 'user:9' WHERE id = 2")
    broken = tiebreak("audit", "verify")
    assert (broken.code, broken.out) == (1, "the audit chain is BROKEN: 3 events\n")
    assert "event 2: was edited" in broken.err
    assert json.loads(tiebreak("audit", "verify", "--json").out)["whole"] is False
    store.close()


@pytest.mark.parametrize("result", [None, "x", [], [choice()], [{"id": 1}], [3, None], [{**RATIONALE, "from_name": 1}]])
def test_a_result_without_remarks_is_the_same(result: object) -> None:
    assert without_remarks(result) is result


def test_notes_on_regions_are_remarks_and_our_own_numbers_are_not() -> None:
    assert without_remarks([choice("secret")]) == [{**choice(), "meta": {"tiebreak": {"score": 1}}}]
