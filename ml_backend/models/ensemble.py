"""A small ensemble of neural networks with one hidden layer, all members trained at once as one batched product.

Deep ensembles (Lakshminarayanan et al. 2017), mixup (Zhang et al. 2018), AdamW (Loshchilov and Hutter 2019).
Training is on the CPU, or on the GPU where there is one; a saved ensemble is read by numpy alone.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import log_softmax

from ..records import Arrays, Features, FloatArray
from .options import Options

MEMBERS = 5
HIDDEN = 64
EPOCHS = 20
FEWEST_STEPS = 150
MOST_STEPS = 1000
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-3
DROPOUT = 0.2
BATCH = 128
LAYERS = ("w1", "b1", "w2", "b2")


class Networks:
    """The members' weights: (m, d, h), (m, 1, h), (m, h, k), (m, 1, k)."""

    def __init__(self, arrays: Arrays, multiple: bool) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float32) for name in LAYERS}
        self._multiple = multiple

    def logits(self, features: Features) -> FloatArray:
        """(n, k): the log of the members' mean probabilities, for multiple choice the mean of their logits."""
        each = self._of_members(features)
        if self._multiple:
            return np.asarray(each.mean(axis=0))
        return np.asarray(np.log(np.exp(log_softmax(each, axis=2)).mean(axis=0) + 1e-12))

    def each(self, features: Features) -> list[FloatArray]:
        """Each member's, (n, k)."""
        return list(self._of_members(features))

    def _of_members(self, features: Features) -> FloatArray:
        """(m, n, k)."""
        hidden = np.maximum(_scaled(features) @ self._arrays["w1"] + self._arrays["b1"], 0)
        return np.asarray(hidden @ self._arrays["w2"] + self._arrays["b2"], dtype=np.float64)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The weights, and which kind of choice it is."""
        return {"multiple": self._multiple}, self._arrays


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Networks:
    """What ``saved`` gave. Raises KeyError or ValueError for anything else."""
    return Networks(arrays, bool(settings["multiple"]))


def fit(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> list[Networks]:
    """Each member learns from its own draws of the rows, in proportion to their weights; see HeadFamily."""
    import torch  # slow to import, and --help needs none of it

    torch.set_num_threads(options.threads)  # learning is all that torch is used for in this process
    device = "cuda" if torch.cuda.is_available() else "cpu"
    draw = torch.Generator().manual_seed(options.seed)
    x = torch.as_tensor(_scaled(features), device=device)
    y = torch.as_tensor(targets, dtype=torch.float32, device=device)
    odds = torch.as_tensor(np.repeat(weights, MEMBERS, axis=0), dtype=torch.float32)
    layers = _layers(len(odds), x.shape[1], y.shape[1], draw, device)
    optimizer = _AdamW(layers)
    batch = min(len(x), BATCH)
    steps = min(max(FEWEST_STEPS, EPOCHS * len(x) // BATCH), MOST_STEPS)
    for step in range(steps):
        options.check_time()
        first, second = (torch.multinomial(odds, batch, replacement=True, generator=draw).to(device) for _ in "ab")
        share = (0.5 + 0.5 * torch.rand(len(odds), batch, 1, generator=draw)).to(device)
        kept = (torch.rand(len(odds), batch, HIDDEN, generator=draw) > DROPOUT).to(device) / (1 - DROPOUT)
        mixed = torch.lerp(x[second], x[first], share)
        hidden = torch.relu(torch.baddbmm(layers["b1"], mixed, layers["w1"])) * kept
        said = torch.baddbmm(layers["b2"], hidden, layers["w2"])
        _loss(said, torch.lerp(y[second], y[first], share), options.multiple).backward()
        optimizer.step(LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * step / steps)))
    arrays = {name: layer.detach().cpu().numpy() for name, layer in layers.items()}
    groups = [slice(start, start + MEMBERS) for start in range(0, len(odds), MEMBERS)]
    return [Networks({name: array[group] for name, array in arrays.items()}, options.multiple) for group in groups]


def _scaled(features: Features) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Rows of length 1 as rows whose columns are about 1: what the first weights are drawn for."""
    rows = np.asarray(features.toarray() if hasattr(features, "toarray") else features, dtype=np.float32)
    return rows * np.float32(np.sqrt(rows.shape[1]))


def _layers(members: int, width: int, classes: int, draw: Any, device: str) -> dict[str, Any]:
    import torch

    def normal(rows: int, columns: int, gain: float) -> Any:
        return torch.randn(members, rows, columns, generator=draw) * (gain / max(rows, 1)) ** 0.5

    start = {
        "w1": normal(width, HIDDEN, 2.0),
        "b1": torch.zeros(members, 1, HIDDEN),
        "w2": normal(HIDDEN, classes, 1.0),
        "b2": torch.zeros(members, 1, classes),
    }
    return {name: layer.to(device).requires_grad_() for name, layer in start.items()}


def _loss(logits: Any, wanted: Any, multiple: bool) -> Any:
    """Summed over members, so that each learns as if alone."""
    import torch

    if multiple:
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean(dim=2)
    else:
        each = -(wanted * torch.log_softmax(logits, dim=2)).sum(dim=2)
    return each.mean(dim=1).sum()


class _AdamW:
    """The update rule alone: making one of torch.optim's imports its compiler, longer than all our steps take."""

    def __init__(self, layers: Mapping[str, Any]) -> None:
        import torch

        self._layers = list(layers.values())
        self._first = [torch.zeros_like(layer) for layer in self._layers]
        self._second = [torch.zeros_like(layer) for layer in self._layers]
        self._steps = 0

    def step(self, rate: float, keep: float = 0.9, keep_square: float = 0.999, small: float = 1e-8) -> None:
        """One step down the gradients, which are then forgotten."""
        import torch

        self._steps += 1
        scale = rate / (1 - keep**self._steps)
        scale_square = 1 - keep_square**self._steps
        with torch.no_grad():
            for layer, first, second in zip(self._layers, self._first, self._second, strict=True):
                first.lerp_(layer.grad, 1 - keep)
                second.mul_(keep_square).addcmul_(layer.grad, layer.grad, value=1 - keep_square)
                layer.mul_(1 - rate * WEIGHT_DECAY)
                layer.addcdiv_(first, (second / scale_square).sqrt_().add_(small), value=-scale)
                layer.grad = None
