"""The header that opens Label Studio's own images, for either kind of access token."""

import threading
import time
from collections.abc import Mapping

import requests

from .errors import MediaError

SECONDS = 240.0
"""How long a drawn token is used; Label Studio's live 300 s."""


class Access:
    """``token`` is a legacy token, or a personal access token, with which short-lived ones are drawn."""

    def __init__(self, url: str, token: str, *, timeout: float) -> None:
        self._url = url
        self._token = token
        self._timeout = timeout
        self._drawn = ""
        self._until = 0.0
        self._turn = threading.Lock()

    def header(self) -> Mapping[str, str]:
        """Empty without a token. Raises MediaError where Label Studio draws none."""
        if not self._token:
            return {}
        if self._token.count(".") != 2:
            return {"Authorization": f"Token {self._token}"}
        with self._turn:
            if time.monotonic() > self._until:
                self._drawn, self._until = self._draw(), time.monotonic() + SECONDS
            return {"Authorization": f"Bearer {self._drawn}"}

    def _draw(self) -> str:
        try:
            with requests.Session() as session:
                session.trust_env = False
                address = f"{self._url}/api/token/refresh/"
                reply = session.post(address, json={"refresh": self._token}, timeout=self._timeout)
            reply.raise_for_status()
            return str(reply.json()["access"])
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise MediaError(f"Label Studio gives no access for its images ({type(error).__name__})") from error
