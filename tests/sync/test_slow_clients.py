"""``tiebreak serve`` answers events while clients are there that never come to an end, and stops all the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from sync.demo.embedded import free_port
from sync.webhooks import SECRET_HEADER

from ..slow_clients import HEAD, LIMIT, answered, crowd, shortened

SECRET = "a shared secret"
EVENT = HEAD + f"Connection: close\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
START_SECONDS = 60


def started(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """The web side alone: no Label Studio is asked for anything."""
    given = {
        "LABEL_STUDIO_URL": "http://127.0.0.1:9",
        "LABEL_STUDIO_TOKEN": "unused",
        "STORE": f"sqlite:///{folder / 'tiebreak.sqlite3'}",
        "SECRET": SECRET,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
    command = [sys.executable, "-c", shortened("sync"), "serve", "--no-scheduler", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=kept | {f"TIEBREAK_{name}": value for name, value in given.items()},
            stdout=log,
            stderr=log,
        )


def await_health(url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            assert httpx.get(f"{url}/healthz", timeout=10).status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_slow_clients_keep_nobody_from_an_answer(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = started(tmp_path, port)
    try:
        await_health(url, tmp_path / "log")
        with crowd(port, large=4) as slow:
            for _ in range(30):
                start = time.monotonic()
                assert b'{"status":"ok"}' in answered(port, EVENT)
                assert time.monotonic() - start < 1
            assert b" 408 " in slow[0].rest()[:13]
            assert LIMIT - 0.5 < time.monotonic() - slow[0].begun < 8 * LIMIT
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log
