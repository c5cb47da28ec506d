"""The images of a show for the page: encoded while somebody watches, and not even read back while nobody does."""

from __future__ import annotations

import asyncio

from ..core.frame import Pixels
from ..sinks.base import Sink
from ..sinks.jpeg_sockets import JpegSockets, encoded, shrunk

WIDTH = 960  # pixels at most: a page shows it beside its controls


class PanelSink(Sink):
    """Takes the images for `sockets` of the event loop `loop`. It never fails, as the show has other outputs."""

    def __init__(self, sockets: JpegSockets, loop: asyncio.AbstractEventLoop) -> None:
        self._sockets, self._loop = sockets, loop
        self._number = 0

    @property
    def resting(self) -> bool:
        """Whether nobody watches."""
        return self._sockets.watching == 0

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one image for everybody who watches."""
        if self.resting or self._loop.is_closed():
            return
        self._number += 1
        publishing = self._sockets.publish(encoded(shrunk(image, WIDTH), self._number))
        try:
            asyncio.run_coroutine_threadsafe(publishing, self._loop)
        except RuntimeError:  # the loop was closed meanwhile
            publishing.close()
