"""Small matrices are computed in one thread, and afterwards there are as many as before."""

from threadpoolctl import ThreadpoolController, threadpool_limits

from sync.quality.one_thread import one_thread


def threads() -> set[int]:
    return {one.num_threads for one in ThreadpoolController().select(user_api="blas").lib_controllers}


def test_linear_algebra_has_one_thread_until_the_block_ends() -> None:
    with threadpool_limits(2, "blas"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
