"""The one GL context of a test process. Every test gets it by the name `gpu` (conftest)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from phosphene.engine.core.errors import GpuError
from phosphene.engine.renderer.gpu import Gpu


@lru_cache(maxsize=1)
def context() -> Gpu | str:
    """The context, or why there is none."""
    try:
        return Gpu.headless()
    except GpuError as error:
        return str(error)


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    """A headless context in which nothing lives, neither before nor after the test."""
    made = context()
    if isinstance(made, str):
        pytest.skip(f"no OpenGL here: {made}")
    # Other tests of this process may have made contexts of their own; this one is the current one for the test.
    with made.context:
        before = made.live_objects
        yield made
        assert made.live_objects == before, "GL objects were not released"
