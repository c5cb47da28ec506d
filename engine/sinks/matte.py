"""A video with its matte in a file of its own beside it: for editors that know no transparent video."""

from __future__ import annotations

from pathlib import Path

import cv2

from ..audio.base import Recordable
from ..core.closing import Closing
from ..core.files.new import NewFiles, numbered
from ..core.files.put import cannot_write
from ..core.frame import Pixels
from ..core.paths import named
from .names import matte_of
from .video import VideoSink


class MatteSink(Closing):
    """Writes `out.mp4` and, with the same times, `out.matte.mp4`: white where the person is, in the same codec.

    The colour is straight, not premultiplied, as editors expect it beside a matte. Errors are those of VideoSink.
    """

    alpha = True

    def __init__(
        self,
        name: str,
        *,
        size: tuple[int, int],
        fps: float,
        audio_from: str | Recordable | None = None,
        codec: str = "",
        live: bool = False,
        overwrite: bool = False,
    ) -> None:
        path = named(name)
        self.matte_path = matte_of(path)
        self._new = NewFiles(
            lambda number: [numbered(path, number), matte_of(numbered(path, number))], live=live, overwrite=overwrite
        )
        try:
            self._color = VideoSink(
                name, size=size, fps=fps, audio_from=audio_from, codec=codec, live=live, place=(self._new, 0)
            )
            self._matte = VideoSink(
                str(self.matte_path), size=size, fps=fps, codec=codec, live=live, place=(self._new, 1)
            )
        except BaseException:
            self._new.drop()
            raise

    @property
    def files(self) -> list[Path]:
        """Both files, where they are now; none without an image."""
        return [*self._color.files, *self._matte.files]

    def cut_short(self) -> None:
        """Says that there would have been more: such files replace no older ones."""
        self._color.cut_short()
        self._matte.cut_short()

    @property
    def frames(self) -> int:
        """How many images were written."""
        return self._matte.frames

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one image and its matte."""
        self._color.write(image, time_s)
        self._matte.write(cv2.cvtColor(image[..., 3], cv2.COLOR_GRAY2RGBA), time_s)

    def end(self, time_s: float) -> None:
        """The last image is shown until `time_s`."""
        self._color.end(time_s)
        self._matte.end(time_s)

    def close(self) -> None:
        """Finishes both files; harmless when called twice."""
        try:
            try:
                self._color.close()
            finally:
                self._matte.close()
            if self.frames:
                self._new.land(whole=self._color.complete and self._matte.complete)
        except OSError as error:
            raise cannot_write(error, self.matte_path) from error
        finally:
            self._new.drop()
