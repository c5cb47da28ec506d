"""Examples from the camera: a window shows the image, and a class is recorded while its key is held."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from ...core.errors import UsageError
from ...core.frame import Floats
from ...core.observation import Observation
from ...effect.shapes import Shape
from ...trackers.custom.features import Extractor
from .examples import RATE_HZ, Recording
from .panel import confusion_panel, panel
from .preview import Preview

KEYS = "123456789"
DONE = "enter"


class LiveRecorder:
    """Which class is being recorded, by the keys that are held; each time a key goes down a new recording begins."""

    def __init__(self, labels: Sequence[str]) -> None:
        if not 2 <= len(labels) <= len(KEYS) or len(set(labels)) != len(labels):
            raise UsageError(f"--live {','.join(labels)}: expected two to nine different classes")
        self.labels = tuple(labels)
        self.recordings: list[Recording] = []
        self.seen = True  # whether there was anything to learn from in the last frame
        self._current: Recording | None = None
        self._next_s = 0.0

    def wants(self, held: Collection[str]) -> bool:
        """Whether the keys that are held ask for a recording."""
        return self._label(held) is not None

    def _label(self, held: Collection[str]) -> str | None:
        down = [label for key, label in zip(KEYS, self.labels, strict=False) if key in held]
        return down[0] if len(down) == 1 else None  # two keys at once mean neither

    def add(self, held: Collection[str], row: Floats | None, time_s: float) -> None:
        """Takes one frame's row, where a key is held."""
        label = self._label(held)
        if label is None:
            self._current = None
            return
        if self._current is None or self._current.label != label:
            count = sum(r.label == label for r in self.recordings)
            self._current = Recording(label, f"live {count + 1}")
            self.recordings.append(self._current)
            self._next_s = time_s
        self.seen = row is not None
        if time_s < self._next_s:
            return
        self._next_s = time_s + 1.0 / RATE_HZ - 1e-3
        self._current.frames += 1
        if row is not None:
            self._current.rows.append(row)

    def counts(self) -> list[tuple[str, int, int]]:
        """Each class with how many examples and how many recordings it has."""
        own = {label: [r for r in self.recordings if r.label == label and r.rows] for label in self.labels}
        return [(label, sum(len(r.rows) for r in found), len(found)) for label, found in own.items()]

    def shapes(self, held: Collection[str], scores: Floats | None, size: tuple[int, int]) -> list[Shape]:
        """What stands in the window: each class with its key, how much it has, and what to do."""
        now = self._label(held)
        hint = "hold a key to record a class,\nseveral times each; Enter learns"
        if now is not None:
            hint = f"recording {now}" if self.seen else f"recording {now}:\nnobody is seen"
        return panel(self.counts(), KEYS, now, hint, scores, size)


def record_live(spec: str, labels: Sequence[str], extractor: Extractor) -> list[Recording]:
    """Records `labels` from the input `spec` until Enter is pressed or the window is closed.

    Raises UsageError, SourceError, SinkError, GpuError, TrackerError.
    """
    from ...renderer.renderer import Renderer
    from ...scene.layer import Layer
    from ...scene.scene import Scene
    from ...sinks.window import WindowSink
    from ...sources import open_source

    recorder, preview = LiveRecorder(labels), Preview(labels)
    scene = Scene("teach", layers=[Layer("camera")], flash_guard=False)
    with extractor, open_source(spec) as source, WindowSink(size=source.size) as window:
        window.rename("Phosphene · teach")
        renderer = Renderer(window.gpu, scene, source.size)
        try:
            last_s: float | None = None
            begin_s, before = time.perf_counter(), False
            while (frame := source.read()) is not None:
                if not source.live:  # a file comes at its own pace, not as fast as it can be read
                    time.sleep(max(0.0, begin_s + frame.time_s - time.perf_counter()))
                held = set(window.held)
                wants = recorder.wants(held)
                # Trackers follow from frame to frame, so they look at every one; an image's model only when asked.
                looks = wants or preview.known is not None or extractor.kind != "embedding"
                row = extractor.vector(frame) if looks else None
                recorder.add(held, row, frame.time_s)
                if before and not wants:
                    preview.learn(recorder.recordings)  # at once, whenever a key is let go
                before = wants
                renderer.render(Observation(frame), 0.0 if last_s is None else frame.time_s - last_s)
                last_s = frame.time_s
                shapes = recorder.shapes(held, preview.probabilities(row), renderer.size)
                if preview.known is not None:
                    shapes += confusion_panel(preview.known.table, recorder.labels, KEYS, renderer.size)
                renderer.overlay.draw(shapes, renderer.canvas.framebuffer)
                if not window.present(renderer) or DONE in window.pressed():
                    break
        finally:
            preview.close()
            renderer.release()
    return recorder.recordings
