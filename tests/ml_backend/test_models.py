import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy.special import expit, softmax
from sklearn.linear_model import Ridge

from ml_backend.models import HEADS, ridge
from ml_backend.models.options import Options
from ml_backend.models.ridge import PENALTIES, best_penalty
from ml_backend.records import FloatArray

CLASSIFIERS = [name for name, family in HEADS.items() if not family.numbers]


def clusters(count: int, *, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Rows around three centres, and which centre as one-hot targets."""
    rng = np.random.default_rng(seed)
    kind = np.arange(count) % 3
    return np.eye(3, 8)[kind] * 3 + rng.normal(0, 0.5, (count, 8)), np.eye(3)[kind]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_it_learns_what_can_be_learned(name: str) -> None:
    rows, targets = clusters(90)
    (head,) = HEADS[name].fit(rows, targets, np.ones((1, 90)), Options())
    new, wanted = clusters(300, seed=1)
    assert (head.logits(new).argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_label_of_a_multiple_choice_is_learned_by_itself(name: str) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 6))
    targets = (rows[:, :3] > 0).astype(float)
    (head,) = HEADS[name].fit(rows[:200], targets[:200], np.ones((1, 200)), Options(multiple=True))
    assert ((expit(head.logits(rows[200:])) > 0.5) == targets[200:]).mean() > 0.85


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_there_is_a_head_a_row_of_weights_and_it_never_saw_what_weighs_nothing(name: str) -> None:
    rows, targets = clusters(60)
    poisoned = targets.copy()
    poisoned[30:] = np.roll(targets[30:], 1, axis=1)
    weights = np.stack([np.ones(60), np.r_[np.ones(30), np.zeros(30)]])
    both, clean = HEADS[name].fit(rows, poisoned, weights, Options())
    new, wanted = clusters(300, seed=2)
    assert (clean.logits(new).argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.97
    assert not np.allclose(both.logits(new), clean.logits(new))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_equal_arguments_give_equal_heads_and_they_survive_the_disk(name: str) -> None:
    rows, targets = clusters(45)
    (first,) = HEADS[name].fit(rows, targets, np.ones((1, 45)), Options(seed=3))
    (second,) = HEADS[name].fit(rows, targets, np.ones((1, 45)), Options(seed=3))
    settings, arrays = second.saved()
    restored = HEADS[name].restore(settings, load(save(dict(arrays))))
    assert (restored.logits(rows) == first.logits(rows)).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("multiple", [False, True])
def test_logits_are_finite_whatever_was_seen(name: str, multiple: bool) -> None:
    rows, _ = clusters(12)
    for column in range(3):
        same = np.tile(np.eye(3)[column], (12, 1))
        (head,) = HEADS[name].fit(rows, same, np.ones((1, 12)), Options(multiple=multiple))
        logits = head.logits(rows)
        assert np.isfinite(logits).all()
        assert (logits.argmax(axis=1) == column).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_two_classes_of_three_leave_the_third_improbable(name: str) -> None:
    rows, targets = clusters(60)
    seen = targets[:, 2] == 0
    (head,) = HEADS[name].fit(rows[seen], targets[seen], np.ones((1, int(seen.sum()))), Options())
    assert softmax(head.logits(rows), axis=1)[:, 2].max() < 0.1


def test_the_penalty_is_the_one_that_leaving_each_row_out_chooses() -> None:
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(40, 8)), rng.uniform(0.2, 1, size=40)
    targets = (rows @ rng.normal(size=8) + 3 * rng.normal(size=40))[:, None]
    mean = np.average(targets, axis=0, weights=weights)

    def left_out(penalty: float) -> float:
        total = 0.0
        for row in range(40):
            others = np.arange(40) != row
            model = Ridge(penalty, fit_intercept=False).fit(rows[others], (targets - mean)[others, 0], weights[others])
            total += weights[row] * float(targets[row, 0] - mean[0] - model.predict(rows[[row]])[0]) ** 2
        return total

    assert best_penalty(rows, targets, weights) == min(PENALTIES, key=left_out)


def test_a_ridge_of_many_rows_is_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 8)) / 3
    targets = (rows @ rng.normal(size=8))[:, None] + 0.1 * rng.normal(size=(100, 1))
    weights = np.stack([np.ones(100), (np.arange(100) % 5 != 0).astype(float)])
    few = HEADS["ridge"].fit(rows, targets, weights, Options())
    monkeypatch.setattr(ridge, "MOST_ROWS", 60)
    monkeypatch.setattr(ridge, "PENALTIES", [best_penalty(rows, targets, weights[0])])
    for one, other in zip(few, HEADS["ridge"].fit(rows, targets, weights, Options()), strict=True):
        assert one.logits(rows) == pytest.approx(other.logits(rows), abs=1e-3)


def test_the_mean_of_each_label_tells_them_apart_in_no_time() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(1000, 50))
    which = np.repeat(np.arange(1000), 5)
    rows = centres[which] + 0.7 * rng.normal(size=(5000, 50))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    weights = np.stack([np.ones(5000), (np.arange(5000) % 5 > 0).astype(float)])
    full, part = HEADS["centroids"].fit(rows, np.eye(1000)[which], weights, Options())
    outside = np.arange(5000) % 5 == 0
    assert (part.logits(rows[outside]).argmax(axis=1) == which[outside]).mean() > 0.95
    assert (full.logits(rows).argmax(axis=1) == which).mean() > 0.98
