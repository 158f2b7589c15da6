import numpy as np
import pytest

from ml_backend.learners.choice import choose


def test_what_is_clearly_better_is_chosen() -> None:
    rng = np.random.default_rng(0)
    usual = rng.gamma(2, 0.3, 200)
    found = choose({"usual": usual, "better": usual - 0.1 + rng.normal(0, 0.05, 200), "best": usual - 0.2})
    assert found.chosen == "best"
    assert found.losses["usual"] == pytest.approx(usual.mean(), abs=1e-6)


def test_one_standard_error_of_the_paired_difference_decides() -> None:
    usual = np.array([1.0, 1.0, 1.0, 1.0])
    gains = np.array([0.0, 0.0, 0.0, 0.4])  # mean 0.1, standard error 0.1
    assert choose({"usual": usual, "new": usual - gains}).chosen == "usual"
    assert choose({"usual": usual, "new": usual - gains - 0.01}).chosen == "new"


def test_equally_good_ones_seldom_take_the_place() -> None:
    taken = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        usual = rng.gamma(2, 0.3, 60)
        taken += choose({"usual": usual, "other": usual + rng.normal(0, 0.2, 60)}).chosen != "usual"
    assert taken / 200 == pytest.approx(0.16, abs=0.08)  # P(t > 1)


def test_a_single_answer_or_none_makes_nothing_clear() -> None:
    assert choose({"usual": np.array([1.0]), "new": np.array([0.0])}).chosen == "usual"
    assert choose({"usual": np.empty(0), "new": np.empty(0)}).chosen == "usual"


def test_it_is_told_in_one_line_and_as_json() -> None:
    found = choose({"usual": np.array([0.5, 0.5]), "new": np.array([0.25, 0.25])}, ("slow",))
    assert found.in_words() == "new of usual, new (log loss 0.500, 0.250; no time for slow)"
    assert found.as_json() == {"chosen": "new", "log_loss": {"usual": 0.5, "new": 0.25}, "left_out": ["slow"]}


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        choose({})
    with pytest.raises(ValueError, match="judge different answers"):
        choose({"usual": np.zeros(2), "new": np.zeros(3)})
