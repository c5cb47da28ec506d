"""Images and videos inside scenes: the image for a moment, the same one whatever was asked before."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ..core.closing import Closing
from ..core.errors import SourceError
from ..core.frame import Pixels
from . import checked_file, kind_of_file
from .read_image import read_image
from .video import open_moving

_AHEAD = 4  # images decoded in advance
_SKIP_S = 2.0  # up to here it is quicker to decode on than to seek
_Key = tuple[int, float]  # the round of the loop, and the time within it


def check_media(path: str | Path) -> None:
    """Raises PhospheneError, naming the file, where its image, or a video's first one, cannot be read."""
    file = checked_file(str(path))
    if kind_of_file(file) == "image":
        read_image(file)
    else:
        open_moving(file).close()


class MediaPlayer(Closing):
    """Plays an image file or a looping video.

    `at(time_s)` is H×W×3 uint8 sRGB, of an image with transparent parts H×W×4 with premultiplied linear light stored
    as sRGB; it must not be written to. `version` changes when the image does, so that it is uploaded only then. A
    video starts at 0 and loops; what is shown depends on `time_s` alone. `duration_s` is None for
    a still image. Raises SourceError, naming the file, where it cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = checked_file(str(path))
        self.version = 0
        self.duration_s: float | None = None
        self._film: _Film | None = None
        self._image: Pixels | None = None
        if kind_of_file(self.path) == "image":
            self._image = read_image(self.path, alpha=True)
            height, width = self._image.shape[:2]
            self.size = (width, height)
        else:
            self._film = _Film(self.path)
            self.size, self.duration_s = self._film.size, self._film.duration_s
            if self._film.is_still:
                self._image, self.duration_s = self._film.first, None
                self._film.close()
                self._film = None
        self._shown: Pixels | None = None

    def at(self, time_s: float) -> Pixels:
        """The image shown at `time_s`, which may be any time in any order; rising times are cheap."""
        pixels = self._film.at(time_s) if self._film is not None else self._image
        if pixels is None:
            raise SourceError("is already closed", where=str(self.path))
        if pixels is not self._shown:
            self._shown = pixels
            self.version += 1
        return pixels

    def close(self) -> None:
        """Stops the thread and closes the file; harmless when called twice."""
        if self._film is not None:
            self._film.close()
        self._image = None


class _Film:
    """A looping video, decoded ahead by a thread of its own, which alone touches the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._decoder = open_moving(path)
        self.size = self._decoder.size
        self.first = next(self._decoder)[1]
        self.is_still = next(self._decoder, None) is None
        self.duration_s = self._find_duration()
        self._ready: deque[tuple[_Key, Pixels]] = deque()  # rising keys; the first is the one shown last
        self._goal: _Key | None = (0, 0.0)  # where the thread shall seek to, once
        self._wanted: _Key = (0, 0.0)
        self._seeking = True
        self._failed: BaseException | None = None
        self._stop = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"media {path.name}", daemon=True)
        self._thread.start()

    def at(self, time_s: float) -> Pixels | None:
        """The newest image that has begun at `time_s`; None when closed."""
        turns, within = divmod(time_s, self.duration_s)
        key = (int(turns), within)
        with self._change:
            self._wanted = key
            if not self._seeking and self._is_far(key):
                self._ready.clear()
                self._goal, self._seeking = key, True
            while not self._stop:
                self._change.notify_all()
                if self._failed is not None:
                    raise self._failed
                while len(self._ready) > 1 and self._ready[1][0] <= key:
                    self._ready.popleft()
                # what comes next must be known: only then is the first one surely the newest that has begun
                if len(self._ready) > 1 and self._ready[0][0] <= key:
                    return self._ready[0][1]
                if not self._seeking and self._ready and self._ready[0][0] > key:
                    self._ready.clear()
                    self._goal, self._seeking = key, True
                    continue
                self._change.wait()
            return None

    def close(self) -> None:
        """Stops the thread; harmless when called twice."""
        with self._change:
            self._stop = True
            self._change.notify_all()
        self._thread.join()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _is_far(self, key: _Key) -> bool:
        """Whether to seek rather than to decode on; called with the lock held."""
        if not self._ready:
            return False
        if key < self._ready[0][0]:
            return True
        turns, within = self._ready[-1][0]
        return (key[0] - turns) * self.duration_s + key[1] - within > _SKIP_S

    def _find_duration(self) -> float:
        """The length of one round: the end of the last image. Decodes the file once where its header does not say."""
        found = self._decoder.length()
        if found is None:
            self._decoder.seek(0.0)
            found = max((moment for moment, _ in self._decoder), default=0.0) + 1 / self._decoder.rate
        return max(found, 0.001)

    def _run(self) -> None:
        try:
            images: Iterator[tuple[_Key, Pixels]] = iter(())
            while True:
                with self._change:
                    self._change.wait_for(lambda: self._stop or self._goal is not None or self._has_capacity())
                    if self._stop:
                        return
                    goal, self._goal = self._goal, None
                if goal is not None:
                    images = self._from(goal)
                key, pixels = next(images)
                with self._change:
                    if self._goal is not None:
                        continue  # somewhere else is wanted by now
                    self._seeking = False
                    self._ready.append((key, pixels))
                    self._change.notify_all()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for an image
            with self._change:
                self._failed = error
                self._change.notify_all()
        finally:
            self._decoder.close()

    def _has_capacity(self) -> bool:
        return len(self._ready) < _AHEAD or self._ready[-1][0] <= self._wanted

    def _from(self, goal: _Key) -> Iterator[tuple[_Key, Pixels]]:
        """Images from the one shown at `goal` on, round after round."""
        turns, within = goal
        while True:
            self._decoder.seek(within)
            held: tuple[float, Pixels] | None = None
            for moment, pixels in self._decoder:
                if moment >= self.duration_s:
                    break  # a header that says less than there is
                if held is not None and moment > within:  # else there is a newer one that has begun by then
                    yield (turns, held[0]), held[1]
                held = (moment, pixels)
            if held is None:
                raise SourceError("no more frames could be decoded", where=str(self.path))
            yield (turns, held[0]), held[1]
            turns, within = turns + 1, 0.0
