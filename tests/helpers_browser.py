"""Runs a page in headless Chromium and waits for what it posts back: a small web server, no driver needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--no-sandbox", "--no-first-run", "--no-default-browser-check", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream", "--disable-breakpad",
)  # fmt: skip
# What every page may call; errors are posted too, so that a test says more than "timed out".
SCRIPT = """
const post = (found) => fetch('/result', {method: 'POST', body: JSON.stringify(found)});
const later = (ms) => new Promise((done) => setTimeout(done, ms));
addEventListener('error', (event) => post({error: String(event.message)}));
addEventListener('unhandledrejection', (event) => post({error: String(event.reason)}));
"""


def chromium() -> str | None:
    """The browser's program, None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def run_page(
    body: str, *, flags: Sequence[str] = (), env: Mapping[str, str] | None = None, timeout_s: float = 60.0
) -> dict[str, Any]:
    """What the page posts (`post({…})`); `body` is HTML, with SCRIPT before it. AssertionError where it is silent."""
    posted: list[dict[str, Any]] = []
    arrived = threading.Event()
    html = f"<!doctype html><meta charset=utf-8><script>{SCRIPT}</script>{body}".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(html)

        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    browser = chromium()
    assert browser is not None
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="page server")
        thread.start()
        log = Path(profile) / "log"
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [browser, *FLAGS, f"--user-data-dir={profile}", *flags, address],
                env=dict(env) if env is not None else dict(os.environ),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                arrived.wait(timeout_s)
            finally:
                _end(process)
                server.shutdown()
                thread.join()
        said = log.read_text(errors="replace")[-3000:]
    assert posted, f"the page posted nothing in {timeout_s:g} s:\n{said}"
    assert "error" not in posted[0], f"{posted[0]['error']}\n{said}"
    return posted[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the browser with all its children, which share its process group."""
    import signal

    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
