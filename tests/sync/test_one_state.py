"""A look into the store shows one state, whatever others write meanwhile."""

from sqlalchemy import func, select

from sync.store.engine import Store
from sync.store.lease import beat
from sync.store.tables import heartbeats


def test_what_others_write_during_a_look_is_not_seen_in_it(any_store: Store) -> None:
    count = select(func.count()).select_from(heartbeats)
    with any_store.read() as looking:
        assert looking.execute(count).scalar() == 0
        with any_store.begin() as writing:
            beat(writing, "a", 1, True, "")
        assert looking.execute(count).scalar() == 0
    with any_store.read() as looking:
        assert looking.execute(count).scalar() == 1
