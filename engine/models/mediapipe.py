"""Imports MediaPipe: the pinned version, quickly, silently, and with nothing that leaves the machine."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from ..core.errors import TrackerError
from ..core.frame import Frame
from .quiet import quiet

# From 0.10.34 on, creating a task looks up a logging host (upstream issue google-ai-edge/mediapipe#6291).
SAFE_VERSIONS = ("0.10.30", "0.10.31", "0.10.32", "0.10.33")

_lock = threading.Lock()


class _NoTensorFlow:
    """An import finder that says that there is no TensorFlow."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuses TensorFlow, knows nothing else."""
        del path, target
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def check_version() -> None:
    """Raises TrackerError unless the installed MediaPipe is one that is known to keep to itself."""
    try:
        found = version("mediapipe")
    except PackageNotFoundError:
        raise TrackerError("MediaPipe is not installed", hint=f"pip install mediapipe=={SAFE_VERSIONS[-1]}") from None
    if found not in SAFE_VERSIONS:
        raise TrackerError(
            f"MediaPipe {found} is installed, expected {SAFE_VERSIONS[-1]}: later versions look up a logging host",
            hint=f"pip install mediapipe=={SAFE_VERSIONS[-1]}",
        )


def load() -> tuple[Any, Any]:
    """MediaPipe and its `tasks.python` package, imported on first use. Raises TrackerError.

    MediaPipe imports TensorFlow where it is installed, only to decorate its documentation; that would take seconds and
    crash beside an OpenGL context of Mesa (LLVM inside both). So TensorFlow is out of sight for that moment.
    """
    with _lock:
        if "mediapipe" not in sys.modules:
            check_version()
            blocker = _NoTensorFlow()
            sys.meta_path.insert(0, blocker)
            try:
                with quiet():
                    importlib.import_module("mediapipe")
                    importlib.import_module("mediapipe.tasks.python.vision")
            except ImportError as error:
                sys.modules.pop("mediapipe", None)
                raise TrackerError(
                    f"MediaPipe cannot be loaded: {error}",
                    hint="on Debian: apt-get install libegl1 libgles2 libgl1 libglib2.0-0; then `phosphene doctor`",
                ) from error
            finally:
                sys.meta_path.remove(blocker)
    return sys.modules["mediapipe"], importlib.import_module("mediapipe.tasks.python")


class Task:
    """One MediaPipe vision task in VIDEO mode, run on frames of rising time and always closed explicitly.

    `make(tasks)` gets `mediapipe.tasks.python` and gives the landmarker. A task that is left to the garbage collector
    at exit may corrupt memory, so whoever opens one closes it.
    """

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self._name = name
        self._mp, tasks = load()
        self._last_ms = -1
        self._shift_ms = 0
        self._time_s = 0.0
        try:
            with quiet():
                self._task = make(tasks)
        except (RuntimeError, ValueError, OSError) as error:
            raise TrackerError(
                f"the {name} tracker cannot be created: {error}", hint="`phosphene doctor` checks models and libraries"
            ) from error

    def run(self, frame: Frame) -> Any:
        """MediaPipe's result for `frame`. Raises TrackerError."""
        if self._task is None:
            raise TrackerError(f"the {self._name} tracker is closed")
        if frame.time_s < self._time_s:
            # The source began again: MediaPipe's clock goes on, for its timestamps must rise.
            self._shift_ms = self._last_ms + 33 - round(frame.time_s * 1000.0)
        self._time_s = frame.time_s
        self._last_ms = max(self._last_ms + 1, round(frame.time_s * 1000.0) + self._shift_ms)
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=frame.pixels)
        try:
            with quiet():
                return self.look(image, self._last_ms)
        except (RuntimeError, ValueError) as error:
            width, height = frame.size
            raise TrackerError(
                f"the {self._name} tracker failed on frame {frame.id} ({width}×{height}): {error}"
            ) from error

    def look(self, image: Any, time_ms: int) -> Any:
        """What the landmarker says of one image."""
        return self._task.detect_for_video(image, time_ms)

    def close(self) -> None:
        """Ends the task; harmless when called twice."""
        task, self._task = self._task, None
        if task is not None:
            with quiet():
                task.close()
