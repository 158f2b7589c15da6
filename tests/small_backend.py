"""A small ML backend that keeps the contract and whose answers can be told beforehand: learning takes no time."""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LABEL = "good"


@dataclass
class Memory:
    """What the backend knows; ``newest`` says how far the training feed goes now."""

    newest: Callable[[], int]
    learned: int = 0
    cursor: int = 0
    round: str | None = None

    def keep(self) -> "Memory":
        return copy.copy(self)

    def take_back(self, kept: "Memory") -> None:
        self.learned, self.cursor, self.round = kept.learned, kept.cursor, kept.round


class _Asked(BaseHTTPRequestHandler):
    server: "SmallBackend"

    def do_GET(self) -> None:
        if not self._may_come():
            return
        memory = self.server.memory
        if self.path == "/health":
            self._reply({"status": "UP"})
            return
        assert urlsplit(self.path).path == "/versions"
        assert parse_qs(urlsplit(self.path).query)["project"]
        model = f"tiebreak-{memory.learned}" if memory.learned else None
        self._reply({"model": model, "round": memory.round, "state": "idle", "cursor": memory.cursor})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._may_come():
            return
        memory = self.server.memory
        if self.path == "/train":
            newest = memory.newest()
            memory.learned += newest > memory.cursor
            memory.cursor = newest
            self._reply({})
        elif self.path == "/setup":
            self._reply({"model_version": memory.round})
        elif self.path == "/round":
            memory.round = body["version"]
            self._reply({})
        else:
            assert self.path == "/score"
            self._reply_lines([scored(place, task, body["round"]) for place, task in enumerate(body["tasks"])])

    def _may_come(self) -> bool:
        """Whoever knows the shared secret, and, where a login is asked for, that login."""
        given = self.headers.get("Authorization", "")
        basic = "Basic " + base64.b64encode(":".join(self.server.login or ()).encode()).decode()
        if self.server.login is None or given == basic or given.startswith("Bearer "):
            return True
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def _reply(self, found: object) -> None:
        self._reply_lines([found])

    def _reply_lines(self, lines: list[Any]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def scored(place: int, task: dict[str, Any], version: str) -> dict[str, Any]:
    """The same answer for every task, whoever asks."""
    return {
        "task": task["id"],
        "control": "mood",
        "answer": [LABEL],
        "probabilities": {LABEL: 0.9},
        "out_of_sample": True,
        "confidence": 0.9,
        "signals": {"margin": 0.2},
        "place": place,
        "version": version,
    }


class SmallBackend(ThreadingHTTPServer):
    """Serves until it is shut down."""

    def __init__(self, newest: Callable[[], int]) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.memory = Memory(newest)
        self.login: tuple[str, str] | None = None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
