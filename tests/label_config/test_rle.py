"""Masks between Label Studio's two encodings and runs, beside the encoders and decoders of others."""

import base64
import struct
import time
import tracemalloc
import zlib
from io import BytesIO
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from label_studio_sdk.converter import brush
from numpy.typing import NDArray
from PIL import Image

from label_config.rle import PNG_PIXELS, brush_from_runs, png_from_runs, runs_from_brush, runs_from_png

Pixels = NDArray[np.uint8]

# The alpha of 6 x 3 pixels of a brush with soft edges: 0 0 30 255 255 90 | 0 0 0 255 255 255 | 17 0 0 0 0 1
SOFT_RUNS = (2, 4, 3, 4, 4, 1)
SOFT_PACKED = bytes.fromhex("00000048391bfce0118f4fff1ad5b00b7ff188df008c04")
"""What encode of @thi.ng/rle-pack gave for them, red, green and blue as alpha: as Label Studio's screen does it."""
COLOURED = bytes.fromhex(
    "00000048391bfc200917fc001c07f800380bf478540ff3fc7013effc8c17e968a81be400c41fe000e023dc00fc27dbfd182bd7fd342fd3fd"
    "5033cc456c37c801883bc401a43fc001c043bc01dc47b804"
)
"""The same with red = 7 i, green = i, blue = 255 - i at pixel i: hardly two values in a row are alike."""

MASKS = arrays(
    np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 0, 1, 128, 255, 255])
)


def runs_of(alpha: Pixels) -> tuple[int, ...]:
    """The runs, by going through the pixels one by one."""
    groups = [(bool(inside), len(list(run))) for inside, run in groupby((alpha > 0).ravel())]
    return (*((0,) if groups[0][0] else ()), *(length for _, length in groups))


def packed_by_the_sdk(alpha: Pixels) -> list[int]:
    packed: list[int] = brush.mask2rle(alpha)  # type: ignore[no-untyped-call]
    return packed


def png(image: Image.Image) -> str:
    written = BytesIO()
    image.save(written, format="PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


@pytest.mark.parametrize("packed", [SOFT_PACKED, COLOURED])
def test_what_rle_pack_itself_packed_is_read(packed: bytes) -> None:
    assert runs_from_brush(list(packed), 6, 3) == SOFT_RUNS


@given(MASKS)
def test_what_the_sdk_packs_is_read_and_it_reads_what_we_pack(alpha: Pixels) -> None:
    height, width = alpha.shape
    runs = runs_from_brush(packed_by_the_sdk(alpha), width, height)
    assert runs == runs_of(alpha)
    packed = brush_from_runs(runs, width, height)
    assert runs_from_brush(packed, width, height) == runs
    assert np.array_equal(brush.decode_rle(packed).reshape(height, width, 4)[:, :, 3] > 0, alpha > 0)


CHUNK = st.tuples(st.booleans(), st.integers(0, 3), st.lists(st.sampled_from([0, 0, 7, 255]), min_size=1, max_size=9))


@given(
    st.lists(st.integers(4, 16), min_size=4, max_size=4),
    st.lists(CHUNK, min_size=1, max_size=20),
    st.binary(max_size=0) | st.just(b"\0"),
)
def test_any_stream_is_read_as_the_sdk_reads_it(
    sizes: list[int], chunks: list[tuple[bool, int, list[int]]], padding: bytes
) -> None:
    total = sum(len(values) for _, _, values in chunks)
    chunks = [*chunks, (True, 0, [255] * (4 - total % 4))]
    total += 4 - total % 4
    bits = f"{total:032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    for repeated, kind, values in chunks:
        bits += f"{repeated:b}{kind:02b}{len(values) - 1:0{sizes[kind]}b}"
        bits += "".join(f"{value:08b}" for value in (values[:1] if repeated else values))
    bits += "0" * (-len(bits) % 8)
    packed = [*int(bits, 2).to_bytes(len(bits) // 8, "big"), *padding]
    assert runs_from_brush(packed, total // 4, 1) == runs_of(brush.decode_rle(packed)[3::4])


def test_long_runs_are_split_where_a_length_has_sixteen_bits() -> None:
    runs = (16_384, 16_385, 3, 1_000_000, 1)
    assert runs_from_brush(brush_from_runs(runs, sum(runs), 1), sum(runs), 1) == runs
    assert len(brush_from_runs(runs, sum(runs), 1)) < 250


def test_the_first_run_is_outside_and_may_be_empty() -> None:
    assert runs_from_brush(packed_by_the_sdk(np.full((2, 3), 255, np.uint8)), 3, 2) == (0, 6)
    assert runs_from_brush(packed_by_the_sdk(np.zeros((2, 3), np.uint8)), 3, 2) == (6,)


GOOD = list(SOFT_PACKED)


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (None, "not a list of whole numbers"),
        ("AAAA", "not a list of whole numbers"),
        (10**12, "not a list of whole numbers"),
        ([*GOOD[:-1], 4.0], "not a list of whole numbers"),
        ([*GOOD[:-1], True], "not a list of whole numbers"),
        ([*GOOD[:-1], None], "not a list of whole numbers"),
        ([*GOOD[:-1], 256], "no byte"),
        ([*GOOD[:-1], -1], "no byte"),
        ([*GOOD[:-1], 10**30], "no byte"),
        ([], "before its header"),
        (GOOD[:6], "before its header"),
        (GOOD[:7], "after 0 of 18 pixels"),
        (GOOD[:12], r"after \d+ of 18 pixels"),
        (GOOD[:-1], "within its last run"),
        ([*GOOD, 1], "more than its 18 pixels"),
        ([255] * 4 + GOOD[4:], r"of 1\.07374e\+09 pixels, and the image has 18"),
        ([*GOOD[:4], GOOD[4] ^ 8, *GOOD[5:]], "values of 7 bits"),
        ([*GOOD[:4], *brush_from_runs((19,), 19, 1)[4:]], "more than its 18 pixels"),
    ],
)
def test_a_damaged_brush_is_refused_by_what_is_wrong(packed: object, problem: str) -> None:
    with pytest.raises(ValueError, match=f"the mask's rle .*{problem}"):
        runs_from_brush(packed, 6, 3)


@given(st.data())
def test_whatever_is_damaged_ends_in_runs_of_the_whole_image_or_in_a_sentence(data: st.DataObject) -> None:
    packed = list(SOFT_PACKED if data.draw(st.booleans()) else COLOURED)
    for place, value in data.draw(st.dictionaries(st.integers(7, len(packed) - 1), st.integers(0, 255))).items():
        packed[place] = value
    try:
        assert sum(runs_from_brush(packed[: data.draw(st.integers(7, len(packed)))], 6, 3)) == 18
    except ValueError as error:
        assert str(error).startswith("the mask's rle")


def test_a_few_bytes_that_promise_a_huge_image_take_no_memory_and_no_time() -> None:
    side = 32_767
    packed = [*struct.pack(">I", 4 * side * side), *GOOD[4:7], *[255] * 5]
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(ValueError, match="ends after"):
        runs_from_brush(packed, side, side)
    assert time.process_time() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("sides", [(6, 2), (0, 3), (-6, -3), (6.0, 3), (True, 18), ("6", 3), (None, None)])
def test_an_image_of_another_size_is_refused(sides: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="the mask's"):
        runs_from_brush(GOOD, *sides)
    with pytest.raises(ValueError, match="the mask's"):
        png_from_runs((18,), *sides)


@given(MASKS)
def test_a_pixel_of_a_png_is_inside_where_it_is_not_transparent(alpha: Pixels) -> None:
    height, width = alpha.shape
    layers = np.zeros((height, width, 4), np.uint8)
    layers[:, :, 3] = alpha
    layers[:, :, 0] = np.arange(width)
    found = runs_from_png(png(Image.fromarray(layers)))
    assert found == (width, height, runs_of(alpha))
    assert runs_from_png(png_from_runs(found[2], width, height), width, height) == found


def test_other_pngs_with_transparency_are_read() -> None:
    palette = Image.new("P", (3, 1))
    palette.putdata([0, 1, 0])
    palette.info["transparency"] = 0
    assert runs_from_png(png(palette)) == (3, 1, (1, 1, 1))
    assert runs_from_png(png(Image.new("LA", (2, 2), (0, 9)))) == (2, 2, (0, 4))


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_png_without_transparency_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="no transparency"):
        runs_from_png(png(Image.new(mode, (4, 4))))


PNG = png_from_runs((3, 9, 4), 4, 4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "not a text"),
        (["a"], "not a text"),
        ("https://example.com/mask.png", "not a text that starts with data:image/png"),
        ("data:image/jpeg;base64,AAAA", "not a text that starts with data:image/png"),
        (PNG[:-3], "not base64"),
        (PNG + "é", "not base64"),
        (PNG[:60] + "*" + PNG[60:], "not base64"),
        (PNG[:22], "is not a PNG"),
        (PNG[:22] + base64.b64encode(b"GIF89a" * 9).decode(), "is not a PNG"),
        (PNG[:62], "damaged"),
    ],
)
def test_a_damaged_png_is_refused_by_what_is_wrong(text: object, problem: str) -> None:
    with pytest.raises(ValueError, match=f"the mask.*{problem}"):
        runs_from_png(text)


@given(st.dictionaries(st.integers(0, 100), st.integers(0, 255), min_size=1), st.integers(1, 200))
def test_whatever_is_damaged_in_a_png_ends_in_a_mask_or_in_a_sentence(changes: dict[int, int], length: int) -> None:
    data = bytearray(base64.b64decode(PNG[22:]))
    for place, value in changes.items():
        data[place % len(data)] = value
    try:
        width, height, runs = runs_from_png(PNG[:22] + base64.b64encode(bytes(data[:length])).decode())
        assert sum(runs) == width * height
    except ValueError as error:
        assert str(error).startswith("the mask")


def test_a_png_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    with pytest.raises(ValueError, match=f"1 to {PNG_PIXELS}"):
        runs_from_png("data:image/png;base64," + base64.b64encode(data).decode())
    with pytest.raises(ValueError, match="more than"):
        png_from_runs((10_000 * 10_000,), 10_000, 10_000)


def test_a_png_of_another_image_is_refused() -> None:
    with pytest.raises(ValueError, match="4 pixels wide, and the image 5"):
        runs_from_png(PNG, 5, 4)
    with pytest.raises(ValueError, match="4 pixels high, and the image 8"):
        runs_from_png(PNG, 4, 8)


@pytest.mark.parametrize("runs", [(), (3,), (5,), (5, -1)])
def test_runs_that_do_not_fill_the_image_are_refused(runs: tuple[int, ...]) -> None:
    for write in (brush_from_runs, png_from_runs):
        with pytest.raises(ValueError, match="the image has 4"):
            write(runs, 2, 2)
