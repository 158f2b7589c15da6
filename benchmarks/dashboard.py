"""Every page of the dashboard over a million annotations: by one reader, and by fifty while the largest is assessed.

``tiebreak serve`` runs as people run it, one worker and no scheduler; the pages are those of the registry.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

import numpy as np
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import select
from urllib3.util import Retry

from sync.assess import assess
from sync.dashboard.page import Page
from sync.dashboard.registry import all_pages
from sync.decoding import decoder
from sync.demo.embedded import free_port
from sync.demo.processes import Service
from sync.glossary.kept import keep_rulings
from sync.labelstudio.wire import RemoteProject
from sync.opening import clock
from sync.people.kept import keep_people
from sync.settings import Settings
from sync.store import intake, interfaces, projects
from sync.store.engine import Store, open_store
from sync.store.tables import queue, tasks
from sync.summaries import summarise

from . import first_paint
from .store import CONFIG, EACH, PAGE, Work, task

MEDIAN, P99, CROWDED = 150.0, 400.0, 1_000.0
"""Milliseconds wanted: of a page at the median and at p99, and at p95 with READERS."""
TRANSFERRED = 200_000
"""Bytes wanted of a page with its style, script and charts."""
READERS = 50
READING = 4.0
"""Seconds, at most, that each of them looks at a page before the next one."""
DAY = 86_400_000_000
DAYS = 200
"""So long people have been at work."""
LINK = re.compile(r'(?:<link rel="(?:stylesheet|icon)[^>]* href|<script src|<img[^>]* src)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Size:
    """Of the store, and how often each page is asked for."""

    annotations: int
    people: int
    projects: int
    rounds: int


FULL, QUICK = Size(1_000_000, 100, 20, 100), Size(20_000, 10, 3, 10)


def run(*, quick: bool) -> None:
    """Print each page's milliseconds and bytes beside what is wanted, then those of all with 50 readers at once.

    A page that was asked for already is kept until something changes: of each is told also what it takes to make it.
    """
    size = QUICK if quick else FULL
    with TemporaryDirectory() as folder:
        settings = Settings(store=f"sqlite:///{Path(folder) / 'store.sqlite3'}")
        paths = _filled(settings, size)
        environment = {"TIEBREAK_STORE": settings.store, "TIEBREAK_LABEL_STUDIO_TOKEN": "none"}
        port = free_port()
        arguments = ["serve", "--no-scheduler", "--port", str(port)]
        service = Service("tiebreak", arguments, port, "/healthz", Path(folder) / "serve.log")
        service.start(environment)
        with service:
            service.ready()
            _alone(service.url, paths, size.rounds)
            first_paint.run(service.url, paths, max(3, size.rounds // 10))
            _crowded(service.url, list(paths.values()), size.rounds // 10, environment, Path(folder))


def _filled(settings: Settings, size: Size) -> Mapping[str, str]:
    """Page -> its address, of the largest project, which has half of all annotations."""
    began = time.perf_counter()
    store = open_store(settings.store)
    largest = size.annotations // 2
    rest = largest // (size.projects - 1)
    for number in range(1, size.projects + 1):
        _fill(store, settings, number, largest if number == 1 else rest, size.people)
    with store.read() as connection:
        urgent = (
            select(tasks.c.label_studio_id)
            .join(queue, queue.c.task == tasks.c.id)
            .order_by(queue.c.priority.desc())
            .limit(1)
        )
        first = connection.execute(urgent).scalar_one()
    store.close()
    print(f"   a store filled and assessed in {time.perf_counter() - began:.0f} s")
    return {page.name: _address(page, first) for page in all_pages()}


def _address(page: Page, number: int) -> str:
    address = page.address.replace("<int:label_studio_id>", "1")
    return f"{address}?task={number}" if page.name == "task" else address


def _fill(store: Store, settings: Settings, number: int, count: int, people: int) -> None:
    now, amount = clock(), count // EACH
    work = Work(people, 10_000_000 * number, now - DAYS * DAY, DAYS * DAY // amount)
    with store.begin() as connection:
        remote = RemoteProject(number, f"Project {number}", "", work.start, CONFIG, "", "", EACH, False, amount)
        key = projects.remember(connection, remote, kind="source", now=work.start).key
    rng = np.random.default_rng(number)
    for start in range(0, amount, PAGE):
        with store.begin() as connection:
            page = [task(rng, one, one, work) for one in range(start, min(amount, start + PAGE))]
            intake.save(connection, key, page, decoder(interfaces.periods(connection, key)), work.start)
    for step in (assess, summarise, keep_people):
        step(store, key, settings, clock)
    keep_rulings(store, key, clock)


def _alone(url: str, paths: Mapping[str, str], rounds: int) -> None:
    print(f"   wanted: median under {MEDIAN:.0f} ms, p99 under {P99:.0f} ms, under {TRANSFERRED // 1000} kB in all")
    print("   page          first  made anew:  median        p99   kept      HTML     in all")
    with requests.Session() as session:
        _like_a_browser(session)
        for name, path in paths.items():
            first = 1000 * _asked(session, url + path)
            kept = 1000 * _middle(_asked(session, url + path) for _ in range(rounds))
            html, whole = _transferred(session, url + path)
            # Nobody asked at this address before, so nothing of it is kept.
            others = (f"{url}{path}{'&' if '?' in path else '?'}anew={number}" for number in range(rounds))
            middle, high = np.percentile([1000 * _asked(session, one) for one in others], [50, 99])
            missed = _missed((middle, MEDIAN), (high, P99), (whole, TRANSFERRED))
            print(
                f"   {name:<12} {first:4.0f} ms          {middle:6.1f} ms  {high:6.1f} ms {kept:4.0f} ms "
                f"{html / 1000:6.1f} kB {whole / 1000:7.1f} kB{missed}",
                flush=True,
            )


def _middle(times: Iterable[float]) -> float:
    return float(np.median(list(times)))


def _like_a_browser(session: requests.Session) -> None:
    """One connection, made anew where the server has ended it meanwhile."""
    session.trust_env = False
    session.headers.update({"Accept": "text/html", "Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"})
    session.mount("http://", HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0)))


def _missed(*pairs: tuple[float, float]) -> str:
    return "   missed" if any(found > wanted for found, wanted in pairs) else ""


def _asked(session: requests.Session, address: str) -> float:
    """Seconds until the page was there."""
    began = time.perf_counter()
    session.get(address, timeout=60).raise_for_status()
    return time.perf_counter() - began


def _transferred(session: requests.Session, address: str) -> tuple[int, int]:
    """Bytes of the bodies as they go over: of the page, and with all that a browser loads for it, each once."""
    text, html = _body(session, address)
    others = {urljoin(address, one.replace("&amp;", "&")) for one in LINK.findall(text)}
    return html, html + sum(_body(session, one)[1] for one in others)


def _body(session: requests.Session, address: str) -> tuple[str, int]:
    with session.get(address, timeout=60, stream=True) as reply:
        reply.raise_for_status()
        text = reply.content.decode(errors="replace")
        return text, int(reply.raw.tell())


def _crowded(url: str, paths: Sequence[str], rounds: int, environment: Mapping[str, str], folder: Path) -> None:
    """All pages by READERS at once, for as long as the largest project is assessed, and at least ``rounds`` times."""
    program = str(Path(sys.executable).with_name("tiebreak"))
    command = [program, "assess", "1"]
    with (folder / "assess.log").open("ab") as log:
        run = subprocess.Popen(
            command, env=os.environ | environment | {"TIEBREAK_SEED": "1"}, cwd=folder, stdout=log, stderr=log
        )
        try:
            with ThreadPoolExecutor(READERS) as pool:
                found = pool.map(lambda reader: list(_reading(url, paths, reader, rounds, run)), range(READERS))
                times = [1000 * one for each in found for one in each]
        finally:
            ended = run.wait()
    middle, high = np.percentile(times, [50, 95])
    said = "" if ended == 0 else f"; assess ended with {ended}"
    print(
        f"   {READERS} readers while `assess` runs: {len(times):,} pages, median {middle:.0f} ms, p95 {high:.0f} ms, "
        f"wanted: under {CROWDED:.0f} ms{_missed((high, CROWDED))}{said}"
    )


def _reading(
    url: str, paths: Sequence[str], reader: int, rounds: int, run: "subprocess.Popen[bytes]"
) -> Iterator[float]:
    """What somebody who goes from page to page waits, a second or so on each."""
    rng = np.random.default_rng(reader)
    with requests.Session() as session:
        _like_a_browser(session)
        turn = 0
        while turn < rounds or run.poll() is None:
            time.sleep(float(rng.uniform(0, READING)))
            yield _asked(session, url + paths[(reader + turn) % len(paths)])
            turn += 1
