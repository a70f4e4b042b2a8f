"""Gives memory that loading has freed back to the system: the C library would keep it for the life of the process."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Return freed memory (glibc's malloc_trim, some 10 ms); other C libraries do so by themselves or not at all."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        gc.collect()
        trim(0)
