"""What a push asks of Label Studio: once for what is there, and nothing that it knows."""

import re
from collections.abc import Iterator

import httpx
import pytest

from sync.assess import assess
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.pull import pull, pull_reviews
from sync.push import QUEUE_VERSION, push
from sync.settings import Settings
from sync.store.engine import Store

from ..conftest import RunningLabelStudio, clock
from .scenes import review_projects, scene

pytestmark = pytest.mark.label_studio


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def client(label_studio: RunningLabelStudio, asked: list[str]) -> Iterator[LabelStudio]:
    def hear(request: httpx.Request) -> None:
        if request.url.params.get("page", "1") != "1":
            return  # other tests' projects can fill more than one page of the list
        asked.append(f"{request.method} {re.sub('[0-9]+', 'N', request.url.path)}")

    http = httpx.Client(timeout=60, trust_env=False, event_hooks={"request": [hear]})
    admin = next(one for one in label_studio.people if one.role == "admin")
    with LabelStudio(Transport(label_studio.url, admin.token, http=http)) as opened:
        yield opened


def test_a_push_asks_once_for_what_is_there_and_for_nothing_that_it_knows(
    label_studio: RunningLabelStudio, client: LabelStudio, asked: list[str], store: Store
) -> None:
    made = scene(label_studio, [["good", "bad", "none"]] * 3).project
    key = pull(store, client, made, clock).project
    assess(store, key, Settings(bootstrap=100), clock)
    asked.clear()
    assert push(store, client, key, Settings(review_limit=1), clock).pushed == 1
    assert asked == [
        "GET /api/projects/",
        "POST /api/projects/",
        "POST /api/dm/views/",
        "POST /api/projects/N/import",
    ]

    pull_reviews(store, client, key, clock)
    asked.clear()
    assert push(store, client, key, Settings(), clock).pushed == 2
    assert asked == [
        "GET /api/projects/",
        "GET /api/projects/N/model-versions/",
        "POST /api/projects/N/import",
    ]
    (home,) = review_projects(client, made)
    assert client.model_versions(home.id) == {home.model_version: 3} == {f"{QUEUE_VERSION}.0": 3}
