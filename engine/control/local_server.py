"""A small server for programs of this machine, or of others on request: who may ask, and what it is called."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from ..core.closing import Closing
from ..core.errors import ControlError
from ..sinks.http_server import EXTRA, HttpServer

MOST_CONNECTIONS = 64


def trusted(host: str, origin: str | None, fetch_site: str) -> bool:
    """Whether a request may be answered: `host` is the header Host, `origin` the header Origin.

    A page from elsewhere must not read through a browser of this machine. Such a page gives itself away by its Origin;
    where it has had a name of its own pointed here (DNS rebinding), by that name in Host.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    own = socket.gethostname().lower()
    if name not in ("localhost", own, f"{own}.local"):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
    if fetch_site not in ("none", "same-origin"):
        return False
    return origin is None or (origin.startswith("http") and urlsplit(origin).netloc == host)


class LocalServer(Closing):
    """Serves what `add_routes` puts into an application of aiohttp, at `host` and `port`; port 0 is a free one.

    More than MOST_CONNECTIONS at once are refused.

    `where` is what messages call it. Raises ControlError where aiohttp is missing or the port is taken.
    """

    def __init__(self, name: str, host: str, port: int, where: str, add_routes: Callable[[Any], None]) -> None:
        try:
            self._server = HttpServer(name, host, most_connections=MOST_CONNECTIONS)
        except ImportError as error:
            raise ControlError(f"{where} needs aiohttp", hint=EXTRA) from error
        self._add_routes = add_routes
        try:
            self._server.start(port, self._application)
        except OSError as error:
            raise ControlError(
                f"{where}: TCP port {port} of {host} cannot be used ({error.strerror or error})",
                hint="another program may have it: choose another port",
            ) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Has the server's thread do `work`; for any thread. Nothing where the server has ended."""
        self._server.run(work)

    def close(self) -> None:
        """Ends the server and its connections."""
        self._server.close()

    def _application(self) -> Any:
        web = self._server.web

        async def guard(request: Any, handler: Any) -> Any:
            headers = request.headers
            if not trusted(request.host, headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")):
                return web.Response(status=403, text="only for programs and pages of this address")
            return await handler(request)

        application = web.Application(middlewares=[web.middleware(guard)])
        self._add_routes(application)
        return application
