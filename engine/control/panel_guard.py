"""Who may use the page: programs and browsers of this machine that know the token, and no page of another site."""

from __future__ import annotations

import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

PROTOCOL = "phosphene"  # of our WebSockets; the token is offered beside it, as browsers set no headers there
# Nothing is loaded from anywhere else, nobody else may show the page, and no address with a token leaves it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Judges each request before anything else sees it. `names` are those under which the server may be asked.

    The name is compared with our own and never with what the request says elsewhere: a foreign name that was made to
    lead here would agree with itself.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self.names: frozenset[str] = frozenset()
        self._ticket = secrets.token_urlsafe(24)

    @property
    def ticket(self) -> str:
        """What opens the page once: unlike the token it may be seen on the command line of the browser."""
        return self._ticket

    def spent(self, ticket: str) -> bool:
        """Whether `ticket` is the one that was not used yet; now it is."""
        good = hmac.compare_digest(ticket.encode("utf-8", "replace"), self._ticket.encode())
        self._ticket = secrets.token_urlsafe(24) if good else self._ticket
        return good

    def refusal(self, request: Any) -> tuple[int, str] | None:
        """The status and the words with which a request is refused; None where it may go on."""
        origin = request.headers.get("Origin")
        strange = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if request.host not in self.names or strange or (origin is not None and not self._own(origin)):
            return 403, "only for pages of this address"
        if request.path.startswith("/api/") and not self._knows_token(request):
            return 401, "the token is missing or wrong: open the address that was printed when the show began"
        return None

    def _own(self, origin: str) -> bool:
        try:
            found = urlsplit(origin)
        except ValueError:
            return False
        return found.scheme == "http" and found.netloc in self.names

    def _knows_token(self, request: Any) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        offered = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        asked = [request.query.get("t", "")] if request.method == "GET" and not any(offered) else []
        given = [bearer, *offered, *asked]
        return any(hmac.compare_digest(one.encode("utf-8", "replace"), self.token.encode()) for one in given)
