"""The client of the training feed that ``tiebreak serve`` offers: see docs/services.md."""

import json

import requests

from .errors import FeedError
from .labels import row_from
from .records import TrainingRow


class Feed:
    """One sync service. ``secret`` is the one that both services share."""

    def __init__(self, url: str, secret: str, *, connect_seconds: float = 5.0, read_seconds: float = 60.0) -> None:
        self.url = url
        self._timeout = (connect_seconds, read_seconds)
        self._headers = {"Authorization": f"Bearer {secret}"}

    def news(self, project: int, after: int) -> tuple[list[TrainingRow], int]:
        """Every row of a project (Label Studio's id) after the cursor, and the cursor to go on from.

        Raises FeedError where the feed is refused, cut or malformed: it is taken whole or not at all.
        """
        url = f"{self.url}/api/v1/projects/{project}/training"
        rows: list[TrainingRow] = []
        number = 0
        try:
            with (
                requests.Session() as session,
                _direct(session).get(
                    url, params={"after": after}, headers=self._headers, timeout=self._timeout, stream=True
                ) as reply,
            ):
                _refuse_status(reply, url)
                # Bytes, not text: a text's lines would also end at U+2028 and its like, which tasks contain.
                for line in reply.iter_lines():
                    number += 1
                    raw = json.loads(line)
                    if set(raw) == {"cursor"}:
                        return rows, int(raw["cursor"])
                    rows.append(row_from(raw))
        except requests.RequestException as error:
            raise FeedError(
                f"training feed {url}: no answer, or it broke off ({type(error).__name__}); is `tiebreak serve` "
                "running there?",
                url=url,
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise FeedError(f"training feed {url}, line {number}: {error!r}", url=url) from error
        raise FeedError(f"training feed {url}: cut after line {number}, without its cursor", url=url)


def _direct(session: requests.Session) -> requests.Session:
    session.trust_env = False
    return session


def _refuse_status(reply: requests.Response, url: str) -> None:
    if reply.status_code == 401:
        raise FeedError(
            f"training feed {url}: refused our secret; TIEBREAK_ML_SECRET must be `secret` of tiebreak.toml",
            url=url,
            transient=False,
        )
    if reply.status_code == 404:
        raise FeedError(f"training feed {url}: tiebreak does not know this project yet", url=url)
    if not reply.ok:
        raise FeedError(f"training feed {url}: HTTP {reply.status_code}", url=url)
