"""Pictures of tasks in a folder: which file is whose, and what is counted as missing or unreadable."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sync.evidence.pictures import Pictures, PicturesError, pictures_in
from sync.quality.drift import STATISTICS

BRIGHTNESS = STATISTICS.index("brightness")


def painted(place: Path, level: int, mode: str = "L") -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (8, 8), level).save(place)


def look(folder: Path, **addresses: Any) -> Pictures:
    """What is found for tasks 1, 2 ... whose field ``image`` holds these addresses."""
    data = {task: {"image": address} for task, address in enumerate(addresses.values(), 1)}
    return pictures_in(folder, data, ["image"], np.random.default_rng(0))


def level(found: Pictures, task: int) -> float:
    return float(found.of["image"][task][BRIGHTNESS])


@pytest.mark.parametrize(
    "address",
    [
        "https://host/photos/a%20cat.png?size=2",
        "/data/upload/7/0a1b2c3d-a cat.png",
        "/data/local-files/?d=photos/a cat.png",
        "s3://bucket/deep/a cat.png",
        "C:\\photos\\a cat.png",
        ["a cat.png", "b.png"],
    ],
)
def test_a_picture_is_found_by_the_name_that_the_address_ends_in(tmp_path: Path, address: object) -> None:
    painted(tmp_path / "inside" / "a cat.png", 51)
    assert level(look(tmp_path, one=address), 1) == pytest.approx(0.2)


def test_of_several_files_of_one_name_the_folder_tells(tmp_path: Path) -> None:
    painted(tmp_path / "a" / "1.png", 0)
    painted(tmp_path / "b" / "1.png", 255)
    found = look(tmp_path, black="https://host/a/1.png", white="https://host/b/1.png")
    assert [level(found, 1), level(found, 2)] == pytest.approx([0.0, 1.0])


def test_every_kind_of_picture_is_read(tmp_path: Path) -> None:
    modes = {"1": 1, "L": 51, "RGB": (51, 51, 51), "RGBA": (51, 51, 51, 9), "CMYK": (0, 0, 0, 204), "I;16": 13107}
    for place, (mode, colour) in enumerate(modes.items()):
        Image.new(mode, (8, 8), colour).save(tmp_path / f"{place}.{'jpg' if mode == 'CMYK' else 'png'}")  # type: ignore[arg-type]
    palette = Image.new("P", (8, 8), 1)
    palette.info["transparency"] = b"\x00\xff"
    palette.save(tmp_path / "6.png")
    found = look(tmp_path, **{f"t{place}": f"{place}.{'jpg' if place == 4 else 'png'}" for place in range(7)})
    assert (found.missing, found.unreadable, len(found.of["image"])) == ((), (), 7)
    assert [level(found, task) for task in range(2, 7)] == pytest.approx([0.2] * 5, abs=0.01)


def test_what_is_not_there_and_what_is_no_picture_is_counted(tmp_path: Path) -> None:
    painted(tmp_path / "good.png", 9)
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:40])
    Image.new("1", (30_000, 4_000)).save(tmp_path / "huge.png")
    addresses = {name: f"/data/{name}.png" for name in ("good", "text", "cut", "huge", "gone")}
    found = look(tmp_path, **addresses, up="../../etc/passwd", odd="http://[", none=None, inline="data:image/png,x")
    assert list(found.of["image"]) == [1]
    assert found.asked == 7
    assert (found.missing, found.unreadable) == (
        ("gone.png", "passwd", "http://["),
        ("text.png", "cut.png", "huge.png"),
    )
    assert list(found.notes(Path("photos"))) == [
        "3 of 7 pictures are not in photos, such as 'gone.png'.",
        "3 of 7 pictures in photos cannot be read, such as 'text.png'.",
    ]


def test_a_folder_that_is_none_and_tasks_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="no folder is there: name the one that holds the tasks' pictures"):
        pictures_in(tmp_path / "gone", {}, [], np.random.default_rng(0))
    found = pictures_in(tmp_path, {1: {"text": "a"}}, [], np.random.default_rng(0))
    assert list(found.notes(Path("photos"))) == ["No task here shows a picture: nothing was looked for in photos."]
