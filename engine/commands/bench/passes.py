"""What one frame's drawing is made of: uploads, each pass, the read-back, each finished before the next begins.

The methods that do these steps are wrapped for the moment of the measurement. Waiting after each step forbids the GL to
overlap them, so their sum is a little more than what drawing costs as a whole.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ...renderer.effect_runner import EffectRunner
from ...renderer.inputs import Inputs
from ...renderer.overlay import Overlay
from ...renderer.renderer import Renderer
from .bare import Bare


def pass_costs(bare: Bare, count: int) -> dict[str, float]:
    """Median CPU ms a frame (of the whole process) of every step of drawing, in the order in which they happen."""
    found: dict[str, list[float]] = {}
    finish = bare.gpu.finish
    bare.draw()
    with ExitStack() as stack:
        frame: dict[str, float] = {}

        def watch(owner: Any, method: str, name: Callable[..., str]) -> None:
            stack.enter_context(watched(owner, method, name, finish, frame))

        watch(Inputs, "begin", lambda *_: "upload of the frame")
        watch(Inputs, "matte", lambda *_: "matte, with its upload")
        watch(Inputs, "faces", lambda *_: "upload of landmarks")
        watch(EffectRunner, "draw", pass_name)
        watch(Overlay, "draw", lambda *_: "lines and text")
        watch(Renderer, "read", lambda *_: "read-back")
        for effect in bare.effects:
            watch(effect, "update", lambda *_, e=effect: f"{type(e).__name__}: Python")
        for _ in range(count):
            frame.clear()
            bare.draw()
            for name, milliseconds in frame.items():
                found.setdefault(name, []).append(milliseconds)
    return {name: float(np.median(values)) for name, values in found.items()}


@contextmanager
def watched(
    owner: Any, method: str, name: Callable[..., str], finish: Callable[[], None], costs: dict[str, float]
) -> Iterator[None]:
    """Adds what each call of `owner.method` costs to `costs`, under the name that `name` makes of its arguments."""
    original = getattr(owner, method)
    own = method in vars(owner)

    @functools.wraps(original)
    def timed(*args: Any, **named: Any) -> Any:
        finish()
        begin = time.process_time()
        result = original(*args, **named)
        finish()
        key = name(*args)
        costs[key] = costs.get(key, 0.0) + (time.process_time() - begin) * 1e3
        return result

    setattr(owner, method, timed)
    try:
        yield
    finally:
        if own:
            setattr(owner, method, original)
        else:
            delattr(owner, method)


def pass_name(runner: EffectRunner, index: int, *_: Any) -> str:
    """The effect and its pass: the shader's file, else its target."""
    step = runner.steps[index]
    what = step.shader if step.shader.endswith(".frag") else step.target or "picture"
    return f"{type(runner.effect).__name__}: {what}"
