"""Runs a page in headless Chromium and waits for what it posts back: a small web server, no driver needed."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
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
# What spares an emulated processor most of the work of starting: one process, nothing of a graphics card.
LEAN = ("--single-process", "--no-zygote", "--disable-gpu", "--disable-software-rasterizer")
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


def shell() -> str | None:
    """The program of the browser without its windows, None where it is not installed."""
    return shutil.which("chromium-headless-shell")


def run_page(
    body: str,
    *,
    program: str | None = None,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout_s: float = 240.0,
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

    browser = program or chromium()
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


def look(address: str, ready: str, size: tuple[int, int], patience_s: float = 240.0) -> tuple[bytes, Any]:
    """Opens a page in a window of `size`, waits until the JavaScript expression `ready` gives something true, and
    returns a picture of the page (PNG) and what the expression gave. Needs aiohttp."""
    browser = chromium()
    assert browser is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        window = f"--window-size={size[0]},{size[1]}"
        flags = [*FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", "--hide-scrollbars", window]
        process = subprocess.Popen(
            [browser, *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return asyncio.run(_look(Path(profile) / "DevToolsActivePort", address, ready, size, patience_s))
        finally:
            _end(process)


async def _look(told: Path, address: str, ready: str, size: tuple[int, int], patience_s: float) -> tuple[bytes, Any]:
    """Drives the browser by the DevTools protocol."""
    import aiohttp

    end = time.monotonic() + patience_s
    while not told.exists() or not told.read_text().strip():
        assert time.monotonic() < end, "the browser does not start"
        await asyncio.sleep(0.05)
    port = int(told.read_text().split()[0])
    async with aiohttp.ClientSession() as session:
        async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
            page = (await answer.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(page, max_msg_size=0) as devtools:
            number = 0

            async def call(method: str, **parameters: Any) -> Any:
                nonlocal number
                number += 1
                await devtools.send_json({"id": number, "method": method, "params": parameters})
                while (found := await devtools.receive_json(timeout=patience_s)).get("id") != number:
                    pass
                assert "error" not in found, found
                return found["result"]

            metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
            await call("Emulation.setDeviceMetricsOverride", **metrics)
            await call("Page.navigate", url=address)
            value = None
            while not value:
                assert time.monotonic() < end, f"never true: {ready}"
                await asyncio.sleep(0.1)
                value = (await call("Runtime.evaluate", expression=ready, returnByValue=True))["result"].get("value")
            await asyncio.sleep(0.3)  # the compositor shows it with its next frame
            shot = await call("Page.captureScreenshot", format="png")
            return base64.b64decode(shot["data"]), value
