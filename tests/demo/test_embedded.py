"""A Label Studio that cannot start says why; a port that somebody else has is noticed."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sync.demo.embedded import EmbeddedLabelStudio, cache_folder, find_executable, free_port
from sync.errors import DemoError


def program(place: Path, text: str) -> Path:
    place.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    place.chmod(0o755)
    return place


def test_a_server_that_dies_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    dying = program(tmp_path / "label-studio", "echo 'django.db.utils.OperationalError: disk I/O error' >&2; exit 3")
    with pytest.raises(DemoError) as refused:
        EmbeddedLabelStudio(tmp_path / "data", executable=dying, cache=tmp_path / "cache").start()
    assert "stopped while starting (exit code 3); its log ends:" in str(refused.value)
    assert "disk I/O error" in str(refused.value)


def test_what_was_half_prepared_is_prepared_again(tmp_path: Path) -> None:
    dying = program(tmp_path / "label-studio", "exit 1")
    for _ in range(2):
        with pytest.raises(DemoError, match="stopped while starting"):
            EmbeddedLabelStudio(tmp_path / "data", executable=dying, cache=tmp_path / "cache").start()
    assert not (tmp_path / "data").exists()


class Stranger(BaseHTTPRequestHandler):
    """Healthy, but not our Label Studio."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.label_studio
def test_a_port_that_somebody_else_has_is_noticed(tmp_path: Path) -> None:
    try:
        executable = find_executable()
    except DemoError as error:
        pytest.skip(f"no Label Studio to start: {error}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = Thread(target=stranger.serve_forever)
        thread.start()
        try:
            taken = EmbeddedLabelStudio(
                tmp_path / "data", executable=executable, cache=cache_folder(), port=stranger.server_port
            )
            with pytest.raises(DemoError, match="another server answers at"):
                taken.start()
        finally:
            stranger.shutdown()
            thread.join()


def test_a_port_is_none_that_whoever_asks_for_any_is_given() -> None:
    ports = {free_port() for _ in range(50)}
    assert all(20_000 <= port < 32_000 for port in ports)
    assert len(ports) > 40, "two that ask at once are given two"
