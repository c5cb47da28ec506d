"""The protocols of everything that takes finished images: one that all sinks have, and what some do beside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from ..core.frame import Pixels

if TYPE_CHECKING:
    from ..effect.shapes import Shape
    from ..renderer.gpu import Gpu
    from ..renderer.renderer import Renderer


class Sink(Protocol):
    """Takes finished frames. A class of one's own derives from it, or has the same attributes and methods.

    `alpha` says whether the image's alpha is kept: then `write` gets straight alpha, else the colours over black.

    A show opens a sink in its main thread. `write` and then `close` come from the sink's own thread (`sink NAME`), one
    call at a time. What `write` raises ends the show; a live one goes on with its other outputs. It is not
    written to after it has failed, and is closed all the same. Images that a slow sink leaves waiting are dropped in a
    live show; else the show waits for it.
    """

    alpha: bool = False

    @abstractmethod
    def write(self, image: Pixels, time_s: float) -> None:
        """Takes one image: H×W×4 uint8 sRGB in RGBA order, top row first, shown at `time_s` (seconds, rising).

        `image` belongs to the caller and may be written over after the call. Raises SinkError where it cannot be taken.
        """

    def close(self) -> None:
        """Finishes the output so that it can be used; harmless when called twice. Raises SinkError."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@runtime_checkable
class Presents(Protocol):
    """A sink that shows the render target itself, instead of pixels that are read back.

    It is driven in the thread that draws, and owns the graphics context that everything is drawn in. So it is opened
    before all that is drawn, and closed by who opened it, after all that was drawn is released.
    """

    @property
    def gpu(self) -> Gpu:
        """Its graphics context."""

    def present(self, image: Renderer, over: Sequence[Shape] = ()) -> bool:
        """Shows the canvas of `image`, with the shapes `over` on top; returns False once its user has closed it.

        Called after each frame, and about ten times a second while none comes. It may draw into the canvas.
        """

    def rename(self, title: str) -> None:
        """Shows another title."""


@runtime_checkable
class ReadsKeys(Protocol):
    """A sink that reads the keys which its user holds and presses."""

    @property
    def held(self) -> Collection[str]:
        """The names of the keys that are down, such as `space`, `n` or `1`."""

    def pressed(self) -> list[str]:
        """The keys that went down since the last call, in order."""


@runtime_checkable
class ReadsMouse(Protocol):
    """A sink that reads the mouse over its images."""

    @property
    def mouse(self) -> Mapping[str, float]:
        """The signals of the mouse by name: `mouse.x`, `mouse.y` in uv, and 1 for each button that is held."""


@runtime_checkable
class KeepsEnd(Protocol):
    """A sink that keeps how long the last image is shown."""

    def end(self, time_s: float) -> None:
        """The last image that was written ends at `time_s`; called at most once, after it and before `close`."""


@runtime_checkable
class ReportsWatched(Protocol):
    """A sink that knows whether somebody looks at its images."""

    @property
    def watched(self) -> bool:
        """Whether somebody does at the moment."""


@runtime_checkable
class Rests(Protocol):
    """A sink that needs no images at times: then it is given none, and none is read back for it."""

    @property
    def resting(self) -> bool:
        """Whether it needs none at the moment; any thread may ask."""


@runtime_checkable
class WritesFiles(Protocol):
    """A sink that writes files."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that it has written, where they are now; of numbered ones the pattern."""

    def cut_short(self) -> None:
        """Says, before `close`, that there would have been more: what is not whole replaces no older file."""
