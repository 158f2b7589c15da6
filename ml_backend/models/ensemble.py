"""A small ensemble of neural networks with one hidden layer, all members trained at once as one batched product.

Deep ensembles (Lakshminarayanan et al. 2017), mixup (Zhang et al. 2018). Training is on the CPU, or on the GPU where
there is one; a saved ensemble is read by numpy alone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import log_softmax

from ..records import Arrays, Features, FloatArray
from .options import Options

MEMBERS = 5
HIDDEN = 64
STEPS = 150
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-3
DROPOUT = 0.2
BATCH = 512


class Networks:
    """The members' weights: (m, d, h), (m, 1, h), (m, h, k), (m, 1, k)."""

    def __init__(self, arrays: Arrays, multiple: bool) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float32) for name in ("w1", "b1", "w2", "b2")}
        self._multiple = multiple

    def logits(self, features: Features) -> FloatArray:
        """(n, k): the log of the members' mean probabilities, for multiple choice the mean of their logits."""
        rows = np.asarray(features, dtype=np.float32)
        hidden = np.maximum(rows @ self._arrays["w1"] + self._arrays["b1"], 0)
        each = (hidden @ self._arrays["w2"] + self._arrays["b2"]).astype(np.float64)
        if self._multiple:
            return np.asarray(each.mean(axis=0))
        return np.asarray(np.log(np.exp(log_softmax(each, axis=2)).mean(axis=0) + 1e-12))

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The weights, and which kind of choice it is."""
        return {"multiple": self._multiple}, self._arrays


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Networks:
    """What ``saved`` gave. Raises KeyError or ValueError for anything else."""
    return Networks(arrays, bool(settings["multiple"]))


def fit(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> Networks:
    """Each member learns from its own draws of the rows, in proportion to their weights; see HeadFamily."""
    import torch  # slow to import, and --help needs none of it

    torch.set_num_threads(options.threads)  # learning is all that torch is used for in this process
    rows = features.toarray() if hasattr(features, "toarray") else features
    device = "cuda" if torch.cuda.is_available() else "cpu"
    draw = torch.Generator().manual_seed(options.seed)
    x = torch.as_tensor(np.asarray(rows), dtype=torch.float32, device=device)
    y = torch.as_tensor(targets, dtype=torch.float32, device=device)
    odds = torch.as_tensor(np.maximum(weights, 1e-6), dtype=torch.float32)
    layers = _layers(x.shape[1], y.shape[1], draw, device)
    optimizer = torch.optim.AdamW(layers.values(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batch = min(len(x), BATCH)
    steps = STEPS * max(1, len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        first, second = (_drawn(odds, batch, draw).to(device) for _ in range(2))
        share = (0.5 + 0.5 * torch.rand(MEMBERS, batch, 1, generator=draw)).to(device)
        mixed = share * x[first] + (1 - share) * x[second]
        wanted = share * y[first] + (1 - share) * y[second]
        kept = (torch.rand(MEMBERS, batch, HIDDEN, generator=draw) > DROPOUT).to(device) / (1 - DROPOUT)
        hidden = torch.relu(torch.baddbmm(layers["b1"], mixed, layers["w1"])) * kept
        loss = _loss(torch.baddbmm(layers["b2"], hidden, layers["w2"]), wanted, options.multiple)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return Networks({name: layer.detach().cpu().numpy() for name, layer in layers.items()}, options.multiple)


def _layers(width: int, classes: int, draw: Any, device: str) -> dict[str, Any]:
    import torch

    def normal(rows: int, columns: int) -> Any:
        return torch.randn(MEMBERS, rows, columns, generator=draw) * (2 / max(rows, 1)) ** 0.5

    start = {
        "w1": normal(width, HIDDEN),
        "b1": torch.zeros(MEMBERS, 1, HIDDEN),
        "w2": normal(HIDDEN, classes) * 0.5**0.5,
        "b2": torch.zeros(MEMBERS, 1, classes),
    }
    return {name: layer.to(device).requires_grad_() for name, layer in start.items()}


def _drawn(odds: Any, batch: int, draw: Any) -> Any:
    import torch

    return torch.multinomial(odds.expand(MEMBERS, -1), batch, replacement=True, generator=draw)


def _loss(logits: Any, wanted: Any, multiple: bool) -> Any:
    """Summed over members, so that each learns as if alone."""
    import torch

    if multiple:
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean(dim=2)
    else:
        each = -(wanted * torch.log_softmax(logits, dim=2)).sum(dim=2)
    return each.mean(dim=1).sum()
