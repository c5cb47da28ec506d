"""What an image may be drawn with: all that the scene asks for, or less of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """How well is drawn. `pass_scale` shrinks what passes draw aside in reduced size, `picture_scale` the whole image
    (it is enlarged again at the end); with `draft_matte` no matte is finer than draft; each tracker looks at every
    `every`-th frame."""

    pass_scale: float = 1.0
    picture_scale: float = 1.0
    draft_matte: bool = False
    every: int = 1

    def size(self, full: tuple[int, int]) -> tuple[int, int]:
        """The size of the drawn image where the finished one is `full`."""
        if self.picture_scale >= 1.0:
            return full
        return max(16, round(full[0] * self.picture_scale)), max(16, round(full[1] * self.picture_scale))


FULL = Quality()
