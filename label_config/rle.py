"""Masks as Label Studio keeps them <-> the lengths of runs of pixels, outside and inside in turn, outside first.

A brush's ``rle`` is a list of bytes in the bit stream of thi.ng/rle-pack (most significant bit first): 32 bits the
number of values, 5 bits their size - 1, four times 4 bits the sizes - 1 of the four classes of lengths; then chunks:
1 bit "one value repeated" or not, 2 bits the class, the length - 1, and the one value or all of them. The values are
the bytes of an RGBA image, row by row. A bitmask's ``imageDataURL`` is a PNG. In both a pixel is inside where its
alpha is above 0, which is what Label Studio's own screen goes by.

Runs are an image row by row: all of them above 0 but perhaps the first, which is 0 where the first pixel is inside;
together width * height. Neither reading a brush nor writing one ever takes memory for the pixels themselves.
"""

import binascii
import reprlib
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

IntArray = NDArray[np.int64]

PNG_PIXELS = 89_478_485
"""The most pixels of a PNG that is read: Pillow's own bound against small files that unpack to gigabytes."""

_HEADER = 53
_WORD = 8
_SIZES = (3, 4, 8, 16)
_LONGEST = 1 << 16
_PNG = "data:image/png;base64,"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises for a PNG that is damaged, depending on where."""


def runs_from_brush(rle: object, width: int, height: int) -> tuple[int, ...]:
    """The runs of the mask that a brush's ``rle`` holds, of an image of width x height pixels.

    ``rle`` is whatever JSON Label Studio holds. Raises ValueError that says what is wrong with one that is no list of
    bytes, damaged, or of another size.

    >>> runs_from_brush(brush_from_runs((1, 2, 1), 2, 2), 2, 2)
    (1, 2, 1)
    """
    number = 4 * _pixels(width, height)
    data = _bytes(rle)
    sizes = _header(data, number)
    starts, lengths, repeated = _chunks(data, sizes, number)
    values, each = _values(data, starts, lengths, repeated)
    ends = np.cumsum(each) // 4  # of the alpha bytes, one in four, how many are before the run's end
    return _merged(np.diff(ends, prepend=0), values > 0)


def brush_from_runs(runs: Sequence[int], width: int, height: int) -> list[int]:
    """A brush's ``rle`` of the mask that these runs are; raises ValueError where they do not fill width x height.

    >>> brush_from_runs((4,), 2, 2)
    [0, 0, 0, 16, 57, 27, 253, 240, 0]
    """
    checked = _checked(runs, _pixels(width, height))
    bits = [f"{4 * width * height:032b}{_WORD - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for place, run in enumerate(checked):
        value = "1" * _WORD if place % 2 else "0" * _WORD
        whole, rest = divmod(4 * run, _LONGEST)
        bits += [_chunk(_LONGEST, value)] * whole
        if rest:
            bits.append(_chunk(rest, value))
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def runs_from_png(
    data_url: object, width: int | None = None, height: int | None = None
) -> tuple[int, int, tuple[int, ...]]:
    """Width, height and runs of the mask that a bitmask's ``imageDataURL`` holds.

    Where width or height are given the image must have them. Raises ValueError that says what is wrong with a text
    that is no such PNG, is damaged, or has more than ``PNG_PIXELS`` pixels; also with one that has no transparency,
    because Label Studio shows it as a mask of the whole image, which nobody can have meant.

    >>> runs_from_png(png_from_runs((1, 2, 1), 2, 2), 2, 2)
    (2, 2, (1, 2, 1))
    """
    if not isinstance(data_url, str) or not data_url.startswith(_PNG):
        raise ValueError(f"the mask is not a text that starts with {_PNG}")
    try:
        data = binascii.a2b_base64(data_url[len(_PNG) :], strict_mode=True)
    except ValueError as error:
        raise ValueError(f"the mask's PNG is not base64: {error}") from error
    found = _png_size(data)
    for side, wanted, given in (("wide", width, found[0]), ("high", height, found[1])):
        if wanted is not None and wanted != given:
            raise ValueError(f"the mask's PNG is {given} pixels {side}, and the image {wanted}")
    inside = (_alpha(data) > 0).ravel()
    changes = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    lengths = np.diff(np.concatenate(([0], changes, [inside.size])))
    return (*found, (*((0,) if inside[0] else ()), *lengths.tolist()))


def png_from_runs(runs: Sequence[int], width: int, height: int) -> str:
    """An ``imageDataURL`` as Label Studio writes it, black where inside and transparent elsewhere.

    Raises ValueError where the runs do not fill width x height, or that is more than ``PNG_PIXELS``.

    >>> png_from_runs((4,), 2, 2)[:30]
    'data:image/png;base64,iVBORw0K'
    """
    checked = _checked(runs, _pixels(width, height))
    if width * height > PNG_PIXELS:
        raise ValueError(f"a mask of {width} x {height} pixels is more than the {PNG_PIXELS} of a PNG")
    values = np.zeros(len(checked), np.uint8)
    values[1::2] = 255
    alpha = Image.fromarray(np.repeat(values, checked).reshape(height, width))
    black = Image.new("L", (width, height))
    written = BytesIO()
    Image.merge("RGBA", (black, black, black, alpha)).save(written, format="PNG")
    return _PNG + binascii.b2a_base64(written.getvalue(), newline=False).decode("ascii")


def _pixels(width: object, height: object) -> int:
    return _side("width", width) * _side("height", height)


def _side(name: str, length: object) -> int:
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ValueError(f"the mask's {name} is {reprlib.repr(length)}, not a positive whole number")
    return length


def _bytes(rle: object) -> bytes:
    if not isinstance(rle, list | tuple) or not set(map(type, rle)) <= {int}:
        raise ValueError("the mask's rle is not a list of whole numbers")
    try:
        return bytes(rle)
    except (ValueError, OverflowError) as error:
        raise ValueError("the mask's rle holds a number that is no byte (0 to 255)") from error


def _header(data: bytes, number: int) -> tuple[int, ...]:
    """The bits of a length in each of the four classes."""
    if 8 * len(data) < _HEADER:
        raise ValueError("the mask's rle ends before its header does")
    header = int.from_bytes(data[:7], "big") >> (56 - _HEADER)
    if (declared := header >> 21) != number:
        raise ValueError(f"the mask's rle is of {declared / 4:g} pixels, and the image has {number // 4}")
    if (word := (header >> 16 & 31) + 1) != _WORD:
        raise ValueError(f"the mask's rle has values of {word} bits, not of {_WORD}")
    return tuple((header >> shift & 15) + 1 for shift in (12, 8, 4, 0))


def _chunks(data: bytes, sizes: tuple[int, ...], number: int) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
    """Of each chunk: the bit where its values start, its length, and whether one value is repeated."""
    windows = _windows(data).tolist()
    shifts = [16 - size for size in sizes]
    masks = [(1 << size) - 1 for size in sizes]
    starts, lengths, repeated = [], [], []
    at, filled, bits = _HEADER, 0, 8 * len(data)
    while filled < number:
        if at >= bits:
            raise ValueError(f"the mask's rle ends after {filled // 4} of {number // 4} pixels")
        head = windows[at >> 3] >> (13 - (at & 7))  # 19 bits: one, two, and at most sixteen of a length
        kind = head >> 16 & 3
        length = (head >> shifts[kind] & masks[kind]) + 1
        at += 3 + sizes[kind]
        starts.append(at)
        lengths.append(length)
        repeated.append(head >> 18 & 1)
        at += _WORD if head >> 18 & 1 else _WORD * length
        filled += length
    if at > bits:
        raise ValueError("the mask's rle ends within its last run")
    if filled > number or any(data[(at + 7) // 8 :]):
        raise ValueError(f"the mask's rle holds more than its {number // 4} pixels")
    return np.array(starts, np.int64), np.array(lengths, np.int64), np.array(repeated, np.bool_)


def _windows(data: bytes) -> NDArray[np.uint32]:
    """At each byte the 32 bits that start there, as if zeros followed the last one."""
    padded = np.frombuffer(data + bytes(4), np.uint8).astype(np.uint32)
    return np.asarray(padded[:-4] << 24 | padded[1:-3] << 16 | padded[2:-2] << 8 | padded[3:-1], np.uint32)


def _values(
    data: bytes, starts: IntArray, lengths: IntArray, repeated: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], IntArray]:
    """The values in order, and how often each is there in a row: at most as many as the data has bytes."""
    count = np.where(repeated, 1, lengths)
    first = np.cumsum(count) - count
    at = np.repeat(starts, count) + _WORD * (np.arange(count.sum()) - np.repeat(first, count))
    values = _windows(data)[at >> 3] >> (24 - (at & 7)).astype(np.uint32) & 255
    return values.astype(np.uint8), np.repeat(np.where(repeated, lengths, 1), count)


def _merged(lengths: IntArray, inside: NDArray[np.bool_]) -> tuple[int, ...]:
    """Runs of these lengths, empty ones left out and neighbours alike in one."""
    some = lengths > 0
    lengths, inside = lengths[some], inside[some]
    first = np.flatnonzero(np.concatenate(([True], inside[1:] != inside[:-1])))
    return (*((0,) if inside[0] else ()), *np.add.reduceat(lengths, first).tolist())


def _checked(runs: Sequence[int], pixels: int) -> list[int]:
    checked = [int(run) for run in runs]
    if any(run < 0 for run in checked) or sum(checked) != pixels:
        raise ValueError(f"the mask's runs are of {sum(checked)} pixels, and the image has {pixels}")
    return checked


def _chunk(length: int, value: str) -> str:
    kind = next(kind for kind, size in enumerate(_SIZES) if length <= 1 << size)
    return f"1{kind:02b}{length - 1:0{_SIZES[kind]}b}{value}"


def _png_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header says, before anything is unpacked."""
    if len(data) < 24 or data[:8] != _SIGNATURE:
        raise ValueError("the mask is not a PNG")
    width, height = struct.unpack(">II", data[16:24])
    if not 0 < width * height <= PNG_PIXELS:
        raise ValueError(f"the mask's PNG is of {width} x {height} pixels, and must have 1 to {PNG_PIXELS}")
    return width, height


def _alpha(data: bytes) -> NDArray[np.uint8]:
    try:
        with PngImageFile(BytesIO(data)) as image:
            transparent = "A" in image.getbands() or "transparency" in image.info
            alpha = np.asarray(image.convert("RGBA").getchannel("A")) if transparent else None
    except _BROKEN as error:
        raise ValueError(f"the mask's PNG is damaged: {str(error) or type(error).__name__}") from error
    if alpha is None:
        raise ValueError("the mask's PNG has no transparency, so that Label Studio shows all of the image as inside")
    return alpha
