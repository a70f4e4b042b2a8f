"""One thread for a turn's linear algebra: the matrices are small, and a second thread only spins beside them.

With OpenBLAS's default of one thread a core a turn takes as long and twice the processor time.
"""

from __future__ import annotations

from functools import lru_cache

from threadpoolctl import threadpool_limits


@lru_cache(maxsize=1)
def one_thread() -> None:
    """Limit this process's linear algebra to one thread; training, another process, keeps them all."""
    threadpool_limits(limits=1, user_api="blas")
