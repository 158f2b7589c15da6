"""The ML backend as the sync service sees it: what it thinks, and which version Label Studio must see.

Four calls of ours, documented in docs/services.md: ``/train``, ``/score``, ``/round``, ``/live``, beside ``/versions``.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any

import requests

from label_config.answers import Answer
from label_config.canonical import answer_from_json

from .errors import BackendError

INTERFACE = "1"
"""The version of docs/services.md that is spoken here."""
LONGEST = 300
"""Characters of what the backend says of an error."""


@dataclass(frozen=True, slots=True)
class BackendState:
    """Where the backend stands with one project.

    ``model`` is null before the first one. ``cursor`` is how far in our training feed the live model has read.
    ``state`` is idle, waiting or training. ``metrics`` hold accuracy, ece, brier, n and their source. ``told`` is all
    that it said, for people.
    """

    model: str | None
    round: str | None
    state: str
    cursor: int
    trained_labels: int
    error: str | None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model thinks of one task and control; ``answer`` null = it abstains.

    ``confidence`` in [0, 1] is calibrated. ``signals`` are in [0, 1], higher = less sure. ``place`` is the task's
    place in the acquisition order of the pool it was sent with, 0 first. ``parts`` are the confidences of the answer's
    regions, where it marks any.
    """

    task: int
    control: str
    answer: Answer | None
    probabilities: Mapping[str, float]
    confidence: float | None
    signals: Mapping[str, float]
    out_of_sample: bool
    place: int
    version: str
    parts: tuple[float, ...] = ()


class Backend:
    """The HTTP client of one ML backend. ``secret`` is the one that both services share, ``session`` the network.

    ``before`` is called before each request and each line of an answer: what it raises ends them.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        timeout: float = 30.0,
        score_timeout: float = 3600.0,
        session: requests.Session | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self._before = before
        self._timeout = timeout
        self._score_timeout = score_timeout
        self._session = session or requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {secret}"

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def state(self, project: str) -> BackendState:
        """Where the backend stands with the project of that key."""
        reply = self._call("GET", "/versions", params={"project": project})
        try:
            return _state(reply.json())
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            raise BackendError(
                f"ML backend {self.url}/versions: not what was agreed ({error!r}); is that tiebreak-ml?",
                url=self.url,
            ) from error

    def train(self, project: str, label_config: str, *, force: bool = False) -> None:
        """Say that there is something new to learn; the backend merges such requests.

        ``force``: learn even if nothing is new, and publish also what is worse than the live version.
        """
        body = {"project": project, "label_config": label_config}
        self._call("POST", "/train", json=body | {"force": True} if force else body)

    def make_live(self, project: str, version: str, instead_of: str) -> None:
        """Make another version that is kept the live one, while ``instead_of`` is; safe to repeat."""
        self._call("POST", "/live", json={"project": project, "version": version, "instead_of": instead_of})

    def set_round(self, project: str, version: str) -> None:
        """Name the version that ``/setup`` and ``/predict`` must answer from now on."""
        self._call("POST", "/round", json={"project": project, "version": version})

    def score(
        self,
        project: str,
        label_config: str,
        tasks: Iterable[Mapping[str, Any]],
        *,
        model: str | None = None,
        round: str | None = None,  # noqa: A002 - the field's own name
    ) -> Iterator[Scored]:
        """What the model thinks of ``tasks`` (each ``{"id", "data", "holdout", "blind"}``), one at a time.

        ``holdout`` tasks get random places; ``blind`` ones are in dispute, so ``/predict`` must lead nobody there.
        ``model`` is the version that must answer (default: the live one). ``round`` names the round that these
        places are for: once ``set_round`` has named it, ``/predict`` gives the same places.
        """
        about = {"project": project, "label_config": label_config, "model": model, "round": round}
        with TemporaryFile() as body:
            _write_pool(body, about, tasks)
            headers = {"Content-Type": "application/json"}
            reply = self._call("POST", "/score", data=body, headers=headers, stream=True, timeout=self._score_timeout)
        reply.encoding = "utf-8"
        try:
            for line in reply.iter_lines(decode_unicode=True):
                self._before()
                if line:
                    yield _scored(json.loads(line))
        except (requests.RequestException, ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise BackendError(
                f"ML backend {self.url}/score: the answer broke off or is not what was agreed ({error!r})",
                url=self.url,
            ) from error

    def _call(self, method: str, path: str, *, timeout: float | None = None, **arguments: Any) -> requests.Response:
        url = self.url + path
        self._before()
        try:
            reply = self._session.request(method, url, timeout=timeout or self._timeout, **arguments)
        except requests.RequestException as error:
            raise BackendError(
                f"ML backend {url}: no answer ({type(error).__name__}); is `tiebreak-ml serve` running there?",
                url=url,
            ) from error
        if (spoken := reply.headers.get("X-Tiebreak-Interface", INTERFACE)) != INTERFACE:
            raise BackendError(
                f"ML backend {url}: speaks version {spoken} of the interface, and this tiebreak version {INTERFACE}: "
                "bring both to the same release",
                url=url,
                transient=False,
            )
        if reply.status_code == 401:
            raise BackendError(
                f"ML backend {url}: refused our secret; `secret` must be the same for tiebreak and tiebreak-ml",
                url=url,
                transient=False,
            )
        if not reply.ok:
            raise BackendError(
                f"ML backend {url}: HTTP {reply.status_code}: {_told(reply)}",
                url=url,
                transient=reply.status_code >= 500,
            )
        return reply


def _told(reply: requests.Response) -> str:
    """What an answer says of what went wrong: its sentence where it has one."""
    with suppress(ValueError):
        said = reply.json()
        if isinstance(said, dict) and isinstance(said.get("error"), str):
            return str(said["error"])[:LONGEST]
    return reply.text[:LONGEST]


def _write_pool(body: IO[bytes], about: Mapping[str, Any], tasks: Iterable[Mapping[str, Any]]) -> None:
    """The request as JSON in a file: a pool of a million tasks takes no memory."""
    body.write(json.dumps(about).encode()[:-1] + b', "tasks": [')
    for place, task in enumerate(tasks):
        body.write((", " if place else "").encode() + json.dumps(task).encode())
    body.write(b"]}")
    body.seek(0)


def _state(found: Mapping[str, Any]) -> BackendState:
    return BackendState(
        model=found.get("model"),
        round=found.get("round"),
        state=str(found.get("state", "idle")),
        cursor=int(found.get("cursor") or 0),
        trained_labels=int(found.get("trained_labels") or 0),
        error=found.get("error"),
        metrics=found.get("metrics") or {},
        told=dict(found),
    )


def _scored(line: Mapping[str, Any]) -> Scored:
    answer, confidence = line["answer"], line["confidence"]
    return Scored(
        task=int(line["task"]),
        control=str(line["control"]),
        answer=None if answer is None else answer_from_json(answer),
        probabilities={str(label): _share(value) for label, value in (line.get("probabilities") or {}).items()},
        confidence=None if confidence is None else _share(confidence),
        signals={str(name): _share(value) for name, value in (line.get("signals") or {}).items()},
        out_of_sample=bool(line["out_of_sample"]),
        place=int(line["place"]),
        version=str(line["version"]),
        parts=tuple(_share(value) for value in line.get("parts") or ()),
    )


def _share(value: object) -> float:
    """A number in [0, 1]; raises ValueError for anything else."""
    number = float(str(value))
    if not -1e-6 <= number <= 1 + 1e-6:
        raise ValueError(f"{value!r} is not in [0, 1]")
    return min(1.0, max(0.0, number))
