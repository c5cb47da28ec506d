"""A private, headless PipeWire session with a camera portal that says yes, for tests; Debian's packages suffice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from phosphene.engine.core.closing import Closing

LIBEXEC = Path("/usr/libexec")
PROGRAMS = ("dbus-daemon", "dbus-send", "pipewire", "wireplumber")
PORTAL = (LIBEXEC / "xdg-desktop-portal", LIBEXEC / "xdg-permission-store")
START_S, END_S = 120.0, 20.0
PORTAL_FILE = """[portal]
DBusName=org.freedesktop.impl.portal.desktop.test
Interfaces=org.freedesktop.impl.portal.Access
UseIn=test
"""


def missing() -> list[str]:
    """The programs that a session needs and that are not here."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def portal_missing() -> list[str]:
    """What the camera portal needs besides."""
    return [str(path) for path in PORTAL if not path.exists()]


class PipeWireSession(Closing):
    """`env` is the environment in which programs find this session and no other."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pw-")
        root = Path(self._folder.name)
        run = root / "run"
        run.mkdir(mode=0o700)
        self.socket, self._log = run / "pipewire-0", root / "log"
        self.env = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(run),
            "PIPEWIRE_RUNTIME_DIR": str(run),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_DATA_HOME": str(root / "data"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run / 'bus'}",
        }
        self._running: list[subprocess.Popen[bytes]] = []
        self._daemon: list[subprocess.Popen[bytes]] = []
        try:
            address = self.env["DBUS_SESSION_BUS_ADDRESS"]
            self._start(["dbus-daemon", "--session", f"--address={address}", "--nofork", "--nopidfile"])
            self._wait((run / "bus").exists)
            self.start_daemon()
        except BaseException:
            self.close()
            raise

    def start_daemon(self) -> None:
        """PipeWire and its session manager."""
        self._daemon = [self._start(["pipewire"])]
        self._wait(self._answers)
        self._daemon.append(self._start(["wireplumber"]))

    def stop_daemon(self) -> None:
        """Ends both."""
        for process in reversed(self._daemon):
            _end(process)
            self._running.remove(process)
        self._daemon = []

    def start_portal(self) -> None:
        """The camera portal, with the permission already given, so that it asks nobody."""
        portals = Path(self._folder.name) / "portals"
        portals.mkdir()
        (portals / "test.portal").write_text(PORTAL_FILE, encoding="utf-8")
        self._start([str(PORTAL[1])])
        store = "org.freedesktop.impl.portal.PermissionStore"
        permit = [
            "dbus-send", "--session", "--print-reply", f"--dest={store}", f"/{store.replace('.', '/')}",
            f"{store}.SetPermission", "string:devices", "boolean:true", "string:camera", "string:", "array:string:yes",
        ]  # fmt: skip
        self._wait(lambda: subprocess.run(permit, env=self.env, capture_output=True, check=False).returncode == 0)
        extra = {"XDG_CURRENT_DESKTOP": "test", "XDG_DESKTOP_PORTAL_DIR": str(portals)}
        self._start([str(PORTAL[0]), "-v"], extra)
        self._wait(lambda: b"portal org.freedesktop.portal.Camera" in self._log.read_bytes())

    def close(self) -> None:
        """Ends everything, also what the bus has started; the folder goes when nothing is mounted in it any more."""
        for process in reversed(self._running):
            _end(process)
        self._running = []
        root = Path(self._folder.name)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process_id in started_in(root):
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(process_id, number)
            if _waited(lambda: not started_in(root), END_S):
                break
        if not _waited(lambda: not mounts_in(root), END_S):  # whose file system was killed
            for mount in mounts_in(root):
                subprocess.run(["fusermount3", "-u", "-z", str(mount)], check=False)
        self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.socket))
        except OSError:
            return False
        return True

    def _start(self, command: list[str], extra: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            env = {**self.env, **(extra or {})}
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._running.append(process)
        return process

    def _wait(self, ready: Callable[[], bool]) -> None:
        if not _waited(ready, START_S):
            raise AssertionError(f"the session did not start:\n{self._log.read_text(errors='replace')[-3000:]}")


def started_in(root: Path, proc: Path = Path("/proc")) -> list[int]:
    """The processes, but this one, in whose environment `root` stands: the portal's helpers, which the bus starts."""
    found = []
    for entry in proc.iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and os.fsencode(root) in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


def mounts_in(root: Path, table: Path = Path("/proc/self/mounts")) -> list[Path]:
    """The places below `root` at which something is mounted, as the document portal's files are."""
    places = [line.split()[1].replace("\\040", " ") for line in table.read_text().splitlines()]
    return [Path(place) for place in places if Path(place).is_relative_to(root)]


def _waited(ready: Callable[[], bool], seconds: float) -> bool:
    """Whether that became true in time."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
