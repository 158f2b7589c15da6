import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from ml_backend import likeness as module
from ml_backend.likeness import likeness, ready


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 9), others=st.integers(1, 60), share=st.floats(0, 1))
def test_it_is_the_product_however_full_the_columns_are(seed: int, count: int, others: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.random(12) * share
    one, other = (rng.normal(size=(rows, 12)) * (rng.random((rows, 12)) < shares) for rows in (count, others))
    found = likeness(sparse.csr_matrix(one), sparse.csr_matrix(other))
    assert found == pytest.approx(one @ other.T)
    assert likeness(one, other) == pytest.approx(one @ other.T)
    made = ready(sparse.csr_matrix(other))
    assert made.shape == other.shape
    for row in one:  # what is made ready serves any number of times
        assert made.likeness(sparse.csr_matrix(row)) == pytest.approx(row[None] @ other.T)


def test_many_rows_are_taken_part_by_part() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2 * module.AT_ONCE + 3, 2)), rng.normal(size=(3, 2))
    assert likeness(sparse.csr_matrix(one), sparse.csr_matrix(other)) == pytest.approx(one @ other.T)
