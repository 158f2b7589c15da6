"""Encoders that users bring: a model of sentence-transformers or torchvision, or a function of their own, by name.

What they say of an input is kept on disk (``kept``); what is fitted is no more than the mean of the training tasks.
"""

import hashlib
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import EncoderError, MediaError, NotLearnable
from ..records import Arrays, IntArray
from . import pixels, text
from .kept import kept_rows

TEXTS = ("Text", "HyperText", "Paragraphs", "List")
AT_ONCE = 512
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Brought:
    """What is behind a name: the tags that it reads, how it reads them, and the rows (n, d) that it gives.

    ``version`` changes when the rows of an input may.
    """

    name: str
    version: str
    tags: tuple[str, ...]
    read: Callable[[object, Callable[[str], bytes]], Any]
    compute: Callable[[Sequence[Any]], Any]
    fetches: bool = False

    def describe(self, inputs: Sequence[Any]) -> Rows:
        """The rows of the inputs, (n, d), float32. Raises EncoderError where there are none."""
        return kept_rows(f"{self.name} {self.version}", inputs, self._checked)

    def blocks(self, inputs: Sequence[Any]) -> Iterator[Rows]:
        """The same a few inputs at a time."""
        return (self.describe(inputs[start : start + AT_ONCE]) for start in range(0, len(inputs), AT_ONCE))

    def _checked(self, inputs: Sequence[Any]) -> Rows:
        try:
            rows = np.asarray(self.compute(inputs), dtype=np.float32)
        except EncoderError:
            raise
        except (Exception, SystemExit) as error:  # an end of it that it decides must not be ours
            raise EncoderError(f"encoder {self.name!r} failed on {len(inputs)} inputs: {error!r}") from error
        if rows.ndim != 2 or len(rows) != len(inputs) or not rows.shape[1]:
            raise EncoderError(
                f"encoder {self.name!r} gave an array of shape {rows.shape} for {len(inputs)} inputs; "
                f"a row of numbers for each is needed: ({len(inputs)}, d)"
            )
        if not np.isfinite(rows).all():
            raise EncoderError(f"encoder {self.name!r} gave numbers that are not finite")
        return rows


class Centred:
    """Rows of length 1 after the mean of the training tasks is taken away."""

    def __init__(self, brought: Brought, mean: Rows) -> None:
        self._brought = brought
        self._mean = mean

    def encode(self, described: Rows) -> Rows:
        """Dense rows, (n, d), float32, of length 1, or 0. Raises EncoderError where the width has changed."""
        if described.shape[1] != len(self._mean):
            raise EncoderError(
                f"encoder {self._brought.name!r} gives rows of {described.shape[1]} numbers; it gave "
                f"{len(self._mean)} when this model was learned"
            )
        return pixels.unit(described - self._mean)

    def blocks(self, inputs: Sequence[Any]) -> Iterator[tuple[Rows]]:
        """See Encoder."""
        return ((self.encode(rows),) for rows in self._brought.blocks(inputs))

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The mean row, and whose it is."""
        return {"version": self._brought.version}, {"mean": self._mean}


def fit(brought: Brought, described: Rows) -> Centred:
    """The mean of the training tasks. Raises NotLearnable where all rows are the same."""
    if np.ptp(described, axis=0).max() == 0:
        raise NotLearnable(f"encoder {brought.name!r} gives every labeled task the same row")
    return Centred(brought, described.mean(axis=0))


def restore(brought: Brought, settings: Mapping[str, Any], arrays: Arrays) -> Centred:
    """What ``saved`` gave.

    Raises EncoderError where the encoder has changed since, whose rows mean nothing to the model, KeyError for anything
    else.
    """
    if settings["version"] != brought.version:
        raise EncoderError(
            f"encoder {brought.name!r} has changed since this model was learned, or since this program was started: "
            "start it again, then the model is learned anew from the feed; without a feed `tiebreak-ml train` does it"
        )
    return Centred(brought, arrays["mean"])


def variants(inputs: Sequence[Any]) -> list[list[Any]]:  # noqa: ARG001 - the signature of EncoderFamily
    """None: nothing is known of what means the same."""
    return []


def without_own(rows: Rows, groups: IntArray) -> Rows:  # noqa: ARG001 - the signature of EncoderFamily
    """The rows as they are: one group of many hardly moves the mean."""
    return rows


@lru_cache(maxsize=32)
def brought(name: str) -> Brought:
    """What the name stands for. Raises EncoderError that says what is missing and what to do."""
    kind, colon, rest = name.partition(":")
    if not colon or not kind or not rest:
        raise EncoderError(
            f"no encoder is named {name!r}; there are: tfidf+wordllama, tfidf, wordllama, and what you bring: "
            "sentence-transformers:MODEL, torchvision:MODEL, MODULE:FUNCTION"
        )
    if kind == "sentence-transformers":
        return Brought(name, _installed(name, kind), TEXTS, text.read, lambda said: _sentences(name, rest, said))
    if kind == "torchvision":
        return Brought(
            name, _installed(name, kind), ("Image",), read_image, lambda images: _pictures(name, rest, images), True
        )
    return _of_your_own(name, kind, rest)


def _installed(name: str, package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise EncoderError(f"encoder {name!r} needs the package {package}: pip install {package}") from None


def _of_your_own(name: str, module: str, function: str) -> Brought:
    try:
        found = importlib.import_module(module)
        given = getattr(found, function)
    except AttributeError:
        raise EncoderError(f"encoder {name!r}: there is no {function} in {module}") from None
    except (Exception, SystemExit) as error:  # a script may end itself where it is imported
        raise EncoderError(
            f"encoder {name!r}: {module} cannot be imported ({error!r}); it must lie where Python looks (PYTHONPATH)"
        ) from error
    if not callable(given):
        raise EncoderError(f"encoder {name!r}: {function} is no function but {type(given).__name__}")
    fetches = bool(getattr(given, "fetches", False))
    place = getattr(found, "__file__", None)
    content = Path(place).read_bytes() if place else b""
    version = f"{getattr(given, 'version', '')} {hashlib.blake2b(content, digest_size=8).hexdigest()}"
    tags = tuple(getattr(given, "tags", ("Image",) if fetches else TEXTS))
    return Brought(name, version, tags, _fetched if fetches else _as_it_is, given, fetches)


def _as_it_is(value: object, _fetch: Callable[[str], bytes]) -> object:
    if value is None:
        raise MediaError("expected something, not null")
    return value


def _fetched(value: object, fetch: Callable[[str], bytes]) -> bytes:
    if not isinstance(value, str):
        raise MediaError(f"expected an address, not {type(value).__name__}")
    return fetch(value)


def _sentences(name: str, model: str, said: Sequence[str]) -> Any:
    return _sentence_model(name, model).encode(list(said), show_progress_bar=False, convert_to_numpy=True)


@lru_cache(maxsize=2)
def _sentence_model(name: str, model: str) -> Any:
    try:
        return importlib.import_module("sentence_transformers").SentenceTransformer(model)
    except Exception as error:  # whatever a package of others raises
        raise EncoderError(f"encoder {name!r} cannot be loaded: {error}") from error


SHORTER_SIDE = 256


def read_image(value: object, fetch: Callable[[str], bytes]) -> NDArray[np.uint8]:
    """The image that a field names, (h, w, 3), its shorter side SHORTER_SIDE at most; raises MediaError."""
    image = pixels.opened(_fetched(value, fetch), SHORTER_SIDE)
    factor = SHORTER_SIDE / min(image.size)
    if factor < 1:
        image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.uint8)


def _pictures(name: str, model: str, images: Sequence[NDArray[np.uint8]]) -> Rows:
    """What goes into the network's last layer: the picture as it sees it."""
    import torch

    network, prepare = _vision_model(name, model)
    device = next(network.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), 32):
            batch = [prepare(torch.from_numpy(one.copy()).permute(2, 0, 1)) for one in images[start : start + 32]]
            found.append(penultimate(network, torch.stack(batch).to(device)).float().cpu().numpy())
    return np.concatenate(found)


def penultimate(network: Any, batch: Any) -> Any:
    """What the last linear layer of a network is given for a batch, (n, d)."""
    import torch

    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    if not layers:
        raise ValueError("the network has no linear layer")
    last = layers[-1]
    seen: list[Any] = []
    hook = last.register_forward_pre_hook(lambda _layer, given: seen.append(given[0]))
    try:
        network(batch)
    finally:
        hook.remove()
    return seen[0].flatten(1)


@lru_cache(maxsize=2)
def _vision_model(name: str, model: str) -> tuple[Any, Any]:
    """The network and what it wants done to an image."""
    import torch

    try:
        models = importlib.import_module("torchvision.models")
        weights = models.get_model_weights(model).DEFAULT
        network = models.get_model(model, weights=weights).eval()
    except Exception as error:  # whatever a package of others raises
        raise EncoderError(f"encoder {name!r} cannot be loaded: {error}") from error
    return network.to("cuda" if torch.cuda.is_available() else "cpu"), weights.transforms()
