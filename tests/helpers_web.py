"""What the tests of the web output share."""

from __future__ import annotations

import http.client

from helpers_waiting import PATIENCE_S
from phosphene.engine.sinks.web import WebSink


def get(sink: WebSink, path: str = "/", **headers: str) -> tuple[int, str, bytes]:
    """Status, policy and text of what the sink answers."""
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=PATIENCE_S)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, str(answer.getheader("Content-Security-Policy")), answer.read()
    connection.close()
    return found
