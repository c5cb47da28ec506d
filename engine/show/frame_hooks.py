"""What happens after each frame beside the drawing: the progress bar, saved files, keys, numbers, and the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..control.keys import take_keys
from ..renderer.renderer import Renderer
from ..scene.scene import Scene
from .hud import Hud
from .reload import Reloader
from .stats import Stats

if TYPE_CHECKING:
    from ..sinks.window import WindowSink
    from .loop import Show
    from .options import Progress
    from .reload_transition import TransitionReloader


class AfterFrame:
    """Called with the renderer whose canvas holds the picture; says whether the show goes on. `show` is set later."""

    def __init__(
        self,
        stats: Stats,
        *,
        progress: Progress | None,
        total: int | None,
        reloaders: Sequence[Reloader],
        transition: TransitionReloader | None = None,
        window: WindowSink | None,
        hud: bool,
        on_picture: Callable[[Show], bool] | None = None,
    ) -> None:
        self.stats, self.progress, self.total = stats, progress, total
        self.reloaders, self.transition, self.window = reloaders, transition, window
        self.hud = Hud(stats) if hud else None
        self.on_picture = on_picture
        self.show: Show | None = None
        self._told = 0
        self._named: Scene | None = None  # the scene whose title the window bears

    def __call__(self, renderer: Renderer) -> bool:
        done = self.stats.frames_out + 1
        if self.progress is not None and done != self._told:  # it is called while frames are waited for, too
            self.progress(done, self.total)
            self._told = done
        for reloader in self.reloaders:
            if reloader.scene is renderer.scene:
                reloader.look(renderer)
        if self.transition is not None and self.show is not None and self.show.stage is not None:
            self.transition.look(self.show.stage)
        if self.on_picture is not None and self.show is not None and not self.on_picture(self.show):
            return False
        if self.window is None or self.show is None:
            return True
        if self.hud is not None and not self.window.help_shown:
            governor = self.show.governor
            shapes = self.hud.shapes(renderer.size, governor.traded if governor is not None else ())
            renderer.overlay.draw(shapes, renderer.canvas.framebuffer)
        if self._named is not None and self._named is not renderer.scene:
            self.window.rename(title_of(renderer.scene))
        self._named = renderer.scene
        goes_on = self.window.show(renderer)
        take_keys(self.window.held, self.window.pressed(), self.show.playlist, self.show.signals)
        return goes_on


def title_of(scene: Scene) -> str:
    """What stands over a window that shows `scene`."""
    return f"Phosphene · {scene.title}"
