"""The camera on demand: opened while somebody watches, closed soon after, a slate between; who counts as watching."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import scene
from helpers_waiting import wait_until
from phosphene.engine.core.errors import SourceError, SourceRests, UsageError
from phosphene.engine.core.frame import Frame, Pixels
from phosphene.engine.renderer.gpu import Gpu
from phosphene.engine.show.loop import Show
from phosphene.engine.show.on_demand import OnDemandSource, open_on_demand
from phosphene.engine.show.settings import ShowSettings
from phosphene.engine.sinks import knows_watchers

from phosphene.testing import FakeSink, FakeSource

SIZE = (32, 18)
ROOM = np.full((18, 32, 3), 200, np.uint8)


class Camera(FakeSource):
    """Delivers the room at 50 fps, for ever."""

    def __init__(self) -> None:
        super().__init__([ROOM], live=True)
        self.reads = 0

    def read(self) -> Frame | None:
        time.sleep(0.02)
        self.reads += 1
        return Frame(self.reads - 1, self.reads * 0.02, ROOM, time.perf_counter())


class Viewer(FakeSink):
    """A sink that somebody may watch; counts pictures of the room and others."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = False
        self.rooms = self.slates = 0

    def write(self, image: Pixels, time_s: float) -> None:
        if int(image[0, 0, 0]) > 150:
            self.rooms += 1
        else:
            self.slates += 1


def source(watched: Callable[[], bool], cameras: list[Camera], linger_s: float = 0.0) -> OnDemandSource:
    def opened() -> Camera:
        cameras.append(Camera())
        return cameras[-1]

    return OnDemandSource(opened, watched, size=SIZE, fps=50.0, linger_s=linger_s)


def test_nothing_is_opened_while_nobody_watches() -> None:
    cameras: list[Camera] = []
    with source(lambda: False, cameras) as found:
        for _ in range(3):
            with pytest.raises(SourceRests):
                found.read()
    assert cameras == []


def test_it_opens_closes_and_opens_again_with_one_numbering() -> None:
    cameras: list[Camera] = []
    watched = [True]
    with source(lambda: watched[0], cameras) as found:
        frames = [found.read() for _ in range(3)]
        watched[0] = False
        with pytest.raises(SourceRests):
            found.read()
        assert cameras[0].closed
        watched[0] = True
        frames += [found.read() for _ in range(2)]
    assert [frame.id for frame in frames if frame] == [0, 1, 2, 3, 4]
    times = [frame.time_s for frame in frames if frame]
    assert times == sorted(times)
    assert len(cameras) == found.opened == 2
    assert cameras[1].closed
    assert found.read() is None


def test_it_lingers_for_a_viewer_who_looks_away() -> None:
    cameras: list[Camera] = []
    watched = [True]
    with source(lambda: watched[0], cameras, linger_s=30.0) as found:
        found.read()
        watched[0] = False
        assert found.read() is not None
    assert len(cameras) == 1


def test_a_camera_that_cannot_be_opened_is_told() -> None:
    def broken() -> Camera:
        raise SourceError("cannot open camera 0")

    found = OnDemandSource(broken, lambda: True, size=SIZE, fps=30.0)
    with found, pytest.raises(SourceError, match="cannot open"):
        found.read()


@pytest.mark.gl
def test_a_show_sends_a_slate_until_it_is_watched(gpu: Gpu) -> None:
    cameras: list[Camera] = []
    viewer = Viewer()
    found = source(lambda: viewer.watched, cameras)
    show = Show(scene(), found, [viewer], gpu=gpu, open_tracker=pytest.fail, settings=ShowSettings(live=True))
    done: list[tuple[int, int, int]] = []

    def audience() -> None:
        for watched, count in ((False, "slates"), (True, "rooms"), (False, "slates")):
            before = getattr(viewer, count)
            viewer.watched = watched
            wait_until(lambda count=count, enough=before + 3: getattr(viewer, count) >= enough)
            done.append((viewer.rooms, viewer.slates, len(cameras)))
        show.stop()

    thread = threading.Thread(target=audience)
    thread.start()
    show.run()
    thread.join()
    assert done[0][0] == 0
    assert done[0][1] >= 3
    assert done[0][2] == 0
    assert done[1][0] >= 3
    assert done[2][1] >= done[1][1] + 3
    assert cameras[0].closed


@pytest.mark.gl
def test_a_show_that_nobody_watches_still_ends_in_time(gpu: Gpu) -> None:
    cameras: list[Camera] = []
    found = source(lambda: False, cameras)
    settings = ShowSettings(live=True, until_s=0.5)
    Show(scene(), found, [FakeSink()], gpu=gpu, open_tracker=pytest.fail, settings=settings).run()
    assert cameras == []


@pytest.mark.parametrize(
    ("spec", "knows"),
    [("pipewire", True), ("pipewire:Me", True), ("null", False), ("out.mp4", False), ("window", False)],
)
def test_which_outputs_know_their_viewers(spec: str, knows: bool) -> None:
    assert knows_watchers(spec) is knows


def test_outputs_and_inputs_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match=r"out\.mp4"):
        open_on_demand(["pipewire", "out.mp4"], [], "camera", size=None, fps=None)
    with pytest.raises(UsageError, match="demo"):
        open_on_demand(["pipewire"], [], "demo", size=None, fps=None)
    with open_on_demand(["pipewire"], [FakeSink()], "camera", size=None, fps=None) as found:
        assert found.size == (1280, 720)
        with pytest.raises(SourceRests):  # a sink that cannot tell counts as unwatched
            found.read()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_file_that_another_process_has_open_is_found(tmp_path: Path) -> None:
    from phosphene.engine.sinks.v4l2_watchers import opened_by_others

    path = tmp_path / "device"
    path.write_bytes(b"")
    with path.open("rb"):  # this process's own does not count
        assert not opened_by_others(str(path))
    command = [sys.executable, "-c", f"f = open({str(path)!r}, 'rb'); print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        assert opened_by_others(str(path))
        reader.communicate(b"\n")
    assert not opened_by_others(str(path))


@pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux2 is Linux's")
def test_the_drivers_events_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    from phosphene.engine.sinks import v4l2_watchers
    from phosphene.engine.sources import v4l2_api as api

    told: list[int] = [0]

    def ioctl(descriptor: int, request: int, data: bytearray) -> int:
        if request == api.SUBSCRIBE_EVENT:
            assert struct.unpack_from("=3I", data) == (0x10E00001, 0, 1)
        elif not told:
            raise OSError(2, "no event")
        else:
            struct.pack_into("=I4xI", data, 0, api.CLIENT_USAGE, told.pop(0))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    watchers = v4l2_watchers.Watchers(7, "/dev/video99")
    assert watchers.driver_reports
    assert watchers.watched is False
    told[:] = [1, 0, 1]
    assert watchers.watched is True
    assert watchers.watched is True  # no event: as it was
    told[:] = [0]
    assert watchers.watched is False


@pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux2 is Linux's")
def test_the_event_calls_are_the_kernels() -> None:
    from phosphene.engine.sources import v4l2_api as api

    assert (api.DQEVENT, api.SUBSCRIBE_EVENT) == (0x80885659, 0x4020565A)
