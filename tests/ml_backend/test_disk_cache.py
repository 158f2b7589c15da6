import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.disk_cache import DiskCache

from ..thorough import up_to


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def files(folder: Path) -> list[Path]:
    return [place for place in folder.rglob("*") if place.is_file()]


def size(folder: Path) -> int:
    return sum(-(-place.stat().st_size // 4096) * 4096 for place in files(folder))


def test_what_was_kept_is_there_for_another_process(tmp_path: Path) -> None:
    DiskCache(tmp_path, 10**6).put("http://a/\ud800 é", b"content")
    assert DiskCache(tmp_path, 10**6).get("http://a/\ud800 é") == b"content"
    assert DiskCache(tmp_path, 10**6).get("http://b") is None
    DiskCache(tmp_path, 10**6).put("http://a/\ud800 é", b"")
    assert DiskCache(tmp_path, 10**6).get("http://a/\ud800 é") == b""


@pytest.mark.parametrize(
    "harm", [lambda whole: whole[:-1], lambda whole: b"", lambda whole: whole[:20] + b"?" + whole[21:]]
)
def test_what_was_damaged_is_gone(tmp_path: Path, harm: object) -> None:
    cache = DiskCache(tmp_path, 10**6)
    cache.put("a", b"some content")
    (place,) = files(tmp_path)
    assert callable(harm)
    place.write_bytes(harm(place.read_bytes()))
    assert cache.get("a") is None
    assert files(tmp_path) == []


def test_what_lies_in_anothers_place_is_no_answer(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10**6)
    cache.put("a", b"of a")
    (of_a,) = files(tmp_path)
    cache.put("b", b"of b")
    (of_b,) = set(files(tmp_path)) - {of_a}
    of_a.replace(of_b)
    assert cache.get("b") is None


def test_what_is_too_old_is_not_given(tmp_path: Path) -> None:
    clock = Clock()
    cache = DiskCache(tmp_path, 10**6, clock=clock)
    cache.put("a", b"x")
    cache.get("a")
    assert cache.get("a", newer_than=clock.now + 1) is None
    assert cache.get("a", newer_than=1_000_000.0) == b"x"


@settings(max_examples=up_to(30), deadline=None)
@given(sizes=st.lists(st.integers(0, 60_000), max_size=40))
def test_the_bound_holds_and_what_was_kept_last_is_there(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache = DiskCache(folder, 200_000, clock=Clock())
    for place, length in enumerate(sizes):
        cache.put(str(place), bytes(length))
        assert size(folder) <= 200_000
        assert cache.get(str(place)) == bytes(length)


def test_what_was_asked_for_stays_longer(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 200_000, clock=Clock())
    for place in range(100):
        cache.put(str(place), bytes(4000))
        assert cache.get("0") is not None
    assert cache.get("1") is None


@pytest.mark.parametrize("most", [0, 1000])
def test_with_no_room_nothing_is_kept(tmp_path: Path, most: int) -> None:
    cache = DiskCache(tmp_path, most)
    cache.put("a", b"x" * 5000)
    assert cache.get("a") is None
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_used_keeps_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    cache = DiskCache(tmp_path / "file", 10**6)
    cache.put("a", b"x")
    cache.put("b", b"x")
    assert cache.get("a") is None
    assert [one.levelname for one in caplog.records] == ["WARNING"]


def fill(folder: Path, seed: int) -> None:
    cache = DiskCache(folder, 150_000)
    for place in range(150):
        name = str((place * seed) % 40)
        cache.put(name, name.encode() * 1500)
        found = cache.get(name)
        if found not in (None, name.encode() * 1500):
            os._exit(3)


def test_several_processes_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    all_of_them = [context.Process(target=fill, args=(tmp_path, seed)) for seed in (1, 3, 7)]
    for one in all_of_them:
        one.start()
    for one in all_of_them:
        one.join()
    assert [one.exitcode for one in all_of_them] == [0, 0, 0]
    assert size(tmp_path) <= 150_000 + 3 * 8192
