"""The images of a show for the page: encoded while somebody watches, and not even read back while nobody does."""

from __future__ import annotations

from ..core.frame import Pixels
from ..sinks.base import Sink
from ..sinks.http_server import HttpServer
from ..sinks.jpeg_sockets import JpegSockets, encoded, shrunk

WIDTH = 960  # pixels at most: a page shows it beside its controls


class PanelSink(Sink):
    """Takes the images for `sockets` of `server`. It never fails, as the show has other outputs."""

    def __init__(self, sockets: JpegSockets, server: HttpServer) -> None:
        self._sockets, self._server = sockets, server
        self._number = 0

    @property
    def resting(self) -> bool:
        """Whether nobody watches."""
        return self._sockets.watching == 0

    def write(self, image: Pixels, time_s: float) -> None:
        """Encodes one image for everybody who watches."""
        if self.resting or self._server.closed:
            return
        self._number += 1
        self._server.run(self._sockets.publish(encoded(shrunk(image, WIDTH), self._number)))
