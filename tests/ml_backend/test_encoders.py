import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load, save
from scipy import sparse

from ml_backend.encoders import ENCODERS, pixels, text
from ml_backend.errors import MediaError, NotLearnable

from .scenes import sentence


def picture(shape: int, *, shift: int = 0) -> Image.Image:
    """A bright bar on black: across, down or slanting."""
    image = np.zeros((64, 64), dtype=np.uint8)
    for place in range(8, 56):
        row, column = [(32, place), (place, 32), (place, place)][shape]
        image[row - 3 : row + 3, column - 3 + shift : column + 3 + shift] = 255
    return Image.fromarray(image)


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def inputs_of(name: str) -> list[Any]:
    """Eighteen inputs of three kinds, each kind six times in a row."""
    rng = np.random.default_rng(0)
    if name == "fields":
        return [
            {"/size": float(10 * kind), "/colour": f"{colour} {rng.integers(10_000)}"}
            for kind, colour in enumerate(("red", "green", "blue"))
            for _ in range(6)
        ]
    if not ENCODERS[name].fetches:
        return [sentence([label], rng) for label in ("good", "bad", "unsure") for _ in range(6)]
    return [pixels.shrink(encoded(picture(shape, shift=shift))) for shape in range(3) for shift in range(-3, 3)]


def rows_of(name: str, taught: Sequence[Any], asked: Sequence[Any]) -> Any:
    """What an encoder that was taught some inputs makes of others."""
    family = ENCODERS[name]
    return family.fit(family.describe(taught)).encode(family.describe(asked))


def dense(rows: Any) -> NDArray[np.float64]:
    return np.asarray(rows.toarray() if sparse.issparse(rows) else rows, dtype=np.float64)


@pytest.mark.parametrize("name", ENCODERS)
def test_what_is_alike_lies_together(name: str) -> None:
    inputs = inputs_of(name)
    rows = dense(rows_of(name, inputs, inputs))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(18), abs=1e-5)
    alike = rows @ rows.T
    kind = np.repeat(range(3), 6)
    assert alike[kind[:, None] == kind].mean() > alike[kind[:, None] != kind].mean() + 0.2


@pytest.mark.parametrize("name", ENCODERS)
def test_a_restored_encoder_gives_the_same_rows_bit_by_bit(name: str) -> None:
    inputs = inputs_of(name)
    described = ENCODERS[name].describe(inputs)
    fitted = ENCODERS[name].fit(described)
    settings, arrays = fitted.saved()
    restored = ENCODERS[name].restore(settings, load(save(dict(arrays))))
    assert (dense(restored.encode(described)) == dense(fitted.encode(described))).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_row_does_not_depend_on_its_neighbours(name: str) -> None:
    inputs = inputs_of(name)
    together = dense(rows_of(name, inputs, inputs))
    assert dense(rows_of(name, inputs, inputs[7:8]))[0] == pytest.approx(together[7], abs=1e-6)


@pytest.mark.parametrize("name", ENCODERS)
def test_variants_are_as_many_as_the_inputs_and_like_them(name: str) -> None:
    inputs = inputs_of(name)
    rows = dense(rows_of(name, inputs, inputs))
    for variant in ENCODERS[name].variants(inputs):
        assert len(variant) == len(inputs)
        alike = rows @ dense(rows_of(name, inputs, variant)).T
        kind = np.repeat(range(3), 6)
        assert np.diag(alike).mean() > alike[kind[:, None] != kind].mean() + 0.2


@pytest.mark.parametrize("name", ENCODERS)
def test_a_row_without_its_own_group_is_that_of_an_encoder_that_never_saw_it(name: str) -> None:
    inputs = inputs_of(name)
    groups = np.arange(18) % 3
    family = ENCODERS[name]
    rows = rows_of(name, inputs, inputs)
    told = dense(family.without_own(rows, groups))
    others = [one for one, group in zip(inputs, groups, strict=True) if group != 0]
    wanted = dense(rows_of(name, others, inputs))
    inside, outside = np.flatnonzero(groups == 0), np.flatnonzero(groups != 0)
    # The columns are not the same, but how alike the strangers and the others are is.
    assert told[inside] @ dense(rows)[outside].T == pytest.approx(wanted[inside] @ wanted[outside].T, abs=0.07)


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}, True])
def test_what_is_no_such_data_is_refused(name: str, value: object) -> None:
    if (name == "fields" and isinstance(value, list | dict)) or (ENCODERS[name].read is text.read and value == ["a"]):
        assert ENCODERS[name].read(value, lambda _: b"")
        return
    with pytest.raises(MediaError, match="expected"):
        ENCODERS[name].read(value, lambda _: b"")


@pytest.mark.parametrize("strange", [10**400, -(10**400), float("nan"), float("inf"), 1e30, 1e300])
def test_a_number_beyond_all_others_is_passed_over(strange: float) -> None:
    family = ENCODERS["fields"]
    assert family.read({"price": strange, "kind": "book"}, lambda _: b"") == {"/kind": "book"}


@pytest.mark.parametrize("unit", [1e-300, 1e-50, 1.0, 1e28])
def test_numbers_of_any_size_become_rows(unit: float) -> None:
    rows = dense(rows_of("fields", *[[{"/price": unit * number} for number in range(9)]] * 2))
    assert np.isfinite(rows).all()
    assert not np.allclose(rows[0], rows[8])


def test_text_is_read_without_html_tags_but_with_what_only_looks_like_them() -> None:
    def read(value: object) -> str:
        return text.read(value, lambda _: b"")

    assert read("<p class='x'>ships &amp; <b>tides</b></p>").split() == ["ships", "&", "tides"]
    assert read("a < b and c > d") == "a < b and c > d"
    assert read(12.5) == "12.5"


def test_a_text_of_unknown_terms_is_a_row_of_zeros() -> None:
    assert rows_of("tfidf", ["one two", "two three"], ["", "qqqq"]).nnz == 0


@pytest.mark.parametrize("texts", [["", " "], ["...", "!"]])
def test_texts_without_a_term_are_not_learnable(texts: Sequence[str]) -> None:
    if texts[0] == "...":
        assert rows_of("tfidf", texts, texts).nnz  # letter sequences know punctuation
        return
    with pytest.raises(NotLearnable, match="empty"):
        text.fit(text.describe(texts))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16", "CMYK", "LA"])
def test_images_of_every_mode_are_read(mode: str) -> None:
    kind = {"CMYK": "TIFF", "I;16": "TIFF"}.get(mode, "PNG")
    source = picture(1).convert("L") if mode == "I;16" else picture(1)
    image = Image.new("I;16", (64, 64)) if mode == "I;16" else source.convert(mode)
    assert pixels.shrink(encoded(image, kind)).shape == (32, 32, 3)


def test_a_transparent_ground_is_white() -> None:
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    assert (pixels.shrink(encoded(clear)) == 255).all()


def test_a_grey_and_an_equally_bright_red_image_differ() -> None:
    grey, red = (pixels.shrink(encoded(Image.new("RGB", (40, 40), colour))) for colour in ((85, 85, 85), (255, 0, 0)))
    taught = inputs_of("pixels")
    assert not np.allclose(rows_of("pixels", taught, [grey]), rows_of("pixels", taught, [red]))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n1234", b"<svg/>", encoded(picture(0))[:-200]])
def test_broken_images_are_refused(content: bytes) -> None:
    with pytest.raises(MediaError, match="no readable image"):
        pixels.shrink(content)


def test_an_image_that_would_fill_the_memory_is_refused() -> None:
    bomb = encoded(Image.new("1", (8_000, 8_000)))
    assert len(bomb) < 100_000
    with pytest.raises(MediaError, match="an image is too large: 8000 x 8000 pixels"):
        pixels.shrink(bomb)


def test_pixels_are_read_through_what_fetches_them() -> None:
    content = encoded(picture(2))
    address = "data:image/png;base64," + base64.b64encode(content).decode()
    asked: list[str] = []

    def fetch(value: str) -> bytes:
        asked.append(value)
        return content

    assert (pixels.read(address, fetch) == pixels.shrink(content)).all()
    assert asked == [address]
