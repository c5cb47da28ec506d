"""A video with its matte in a file of its own beside it: for editors that know no transparent video."""

from __future__ import annotations

import cv2

from engine.audio import Recordable
from engine.closing import Closing
from engine.data import Pixels
from engine.paths import named
from engine.sinks.video import VideoSink


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
    ) -> None:
        path = named(name)
        self.matte_path = path.with_name(f"{path.stem}.matte{path.suffix}")
        self._color = VideoSink(name, size=size, fps=fps, audio_from=audio_from, codec=codec, live=live)
        self._matte = VideoSink(str(self.matte_path), size=size, fps=fps, codec=codec, live=live)

    @property
    def frames(self) -> int:
        """How many pictures were written."""
        return self._matte.frames

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one picture and its matte."""
        self._color.write(image, time_s)
        self._matte.write(cv2.cvtColor(image[..., 3], cv2.COLOR_GRAY2RGBA), time_s)

    def close(self) -> None:
        """Finishes both files; harmless when called twice."""
        try:
            self._color.close()
        finally:
            self._matte.close()
