"""Guards a running show against slow effects: one that takes seconds a frame is found, named and switched off."""

from __future__ import annotations

from collections.abc import Sequence

from ..renderer.renderer import Renderer

SLOW_S = 2.0  # for a frame; what is merely too slow for its rate is the governor's affair
FRAMES = 3  # so many slow frames in a row: the first ones also compile


class SlowEffectGuard:
    """Takes note of what each frame took. After some slow ones in a row the next is measured effect by effect."""

    def __init__(self, slow_s: float = SLOW_S) -> None:
        self.slow_s = slow_s
        self._slow = 0

    def frame(self, took_s: float, renderers: Sequence[Renderer]) -> None:
        """A frame took `took_s`, drawn by `renderers`; switches an effect off where that must be."""
        self._slow = self._slow + 1 if took_s > self.slow_s else 0
        for renderer in renderers:
            for address, seconds in renderer.effect_costs().items():
                if seconds > self.slow_s:
                    renderer.effects.switch_off(address, f"it takes {seconds:.1f} s a frame")
                    self._slow = 0
        if self._slow >= FRAMES:
            for renderer in renderers:
                renderer.measure_effects()
