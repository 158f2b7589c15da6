"""The audit chain: what it costs to append what a push of a thousand tasks does, and to verify a million events."""

import json
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.store.audit import TIEBREAK, Event, record_all
from sync.store.audit_check import verify
from sync.store.engine import Store, open_store

BATCH = 1_000


def run(*, quick: bool) -> None:
    """Print milliseconds for a thousand events, seconds for all, bytes for each, and the memory of the check."""
    count = 20_000 if quick else 1_000_000
    with TemporaryDirectory() as folder:
        place = Path(folder) / "audit.sqlite3"
        store = open_store(f"sqlite:///{place}")
        seconds = [_append(store, first) for first in range(0, count, BATCH)]
        size = sum(file.stat().st_size for file in place.parent.iterdir())
        print(f"   {count:,} events appended in transactions of {BATCH:,}: {sum(seconds):.1f} s")
        usual = sorted(seconds)[len(seconds) // 2]
        print(f"   a thousand of them         {usual * 1e3:6.0f} ms   {size / count:.0f} bytes each")
        start, began = time.perf_counter(), time.process_time()
        found = verify(store)
        taken, busy = time.perf_counter() - start, time.process_time() - began
        print(f"   verified                   {taken:6.2f} s, {busy:.2f} s of one core")
        print(f"   whole                      {found.whole}, {found.events:,} events")
        tracemalloc.start()
        verify(store)
        print(f"   memory of the check        {tracemalloc.get_traced_memory()[1] / 2**20:6.0f} MB")
        tracemalloc.stop()
        store.close()


def _append(store: Store, first: int) -> float:
    """As a push does: one event a review, with the numbers of its finding; every tenth with words of a person."""
    events = [
        Event(
            TIEBREAK,
            "push",
            1,
            {"task": number, "review": f"p1-{number}-1", "band": 1, "review_task": number},
            {"priority": 0.75, "findings": ["disagreement"], "policy": json.dumps([0.5] * 4)},
            {"rationale": "the text says so"} if number % 10 == 0 else None,
            number % 50,
        )
        for number in range(first, first + BATCH)
    ]
    start = time.perf_counter()
    with store.begin() as connection:
        record_all(connection, first, events)
    return time.perf_counter() - start
