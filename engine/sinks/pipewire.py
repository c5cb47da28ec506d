"""The PipeWire camera (Linux): a node that other programs see as a webcam, without a kernel module."""

from __future__ import annotations

import ctypes
import logging
import re
import threading
import time
from typing import Any

import cv2
import numpy as np

from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.frame import Pixels
from . import check_image
from . import pipewire_api as api
from .pipewire_api import PIPEWIRE_HELP, PIPEWIRE_START

log = logging.getLogger("phosphene")

NAME = "Phosphene"
INSTALL = f"install PipeWire: {PIPEWIRE_HELP}"
_START = f"start it: {PIPEWIRE_START}"
_OPEN_S = 3.0
_RETRY_S = 1.0


class PipeWireSink(Closing):
    """Publishes a Video/Source node: I420, or YUY2 for programs that want it; BT.601, studio range.

    `name` is what programs call the camera. The last row or column of an odd size is dropped. `watched` says whether a
    program takes the images; while none does, an image costs nothing. After the daemon ended the node is published
    again as soon as there is one. Raises SinkError where the library or, at first, the daemon is missing.
    """

    alpha = False

    def __init__(self, name: str = "", *, size: tuple[int, int], fps: float) -> None:
        self.name = name or NAME
        self.size, self.fps = size, fps
        self.frames = self.unwatched = self.dropped = self.reconnected = 0
        self._coded = (size[0] // 2 * 2, size[1] // 2 * 2)
        self._changed = threading.Condition()
        self._state = api.UNCONNECTED
        self._problem = ""
        self._format = api.I420
        self._converted: dict[int, Pixels] = {}
        self._loop: int | None = None
        self._stream: int | None = None
        self._params: list[Any] = []  # what the library reads until the next call must live that long
        self._next_try_s = 0.0
        self._closed = False
        try:
            self._library = api.load()
        except OSError as error:
            raise SinkError(f"the PipeWire camera needs libpipewire ({error})", hint=INSTALL) from error
        # the structure and its two callbacks must outlive the stream
        self._events = api.StreamEvents(
            version=0, state_changed=api.ON_STATE(self._on_state), param_changed=api.ON_PARAM(self._on_param)
        )
        self._connect()
        with self._changed:
            self._changed.wait_for(lambda: self._state in (api.PAUSED, api.STREAMING, api.ERROR), _OPEN_S)
            state, problem = self._state, self._problem
        if state not in (api.PAUSED, api.STREAMING):
            self.close()
            raise SinkError(f"PipeWire did not accept the camera ({problem or 'no answer'})", hint=_START)

    @property
    def watched(self) -> bool:
        """Whether a program takes the images at the moment."""
        return self._state == api.STREAMING

    def write(self, image: Pixels, time_s: float) -> None:
        """Hands one image to whoever watches; costs nothing where nobody does."""
        if self._closed:
            raise SinkError("is closed", where=self.name)
        check_image(image.shape, self.size)
        if self._state in (api.ERROR, api.UNCONNECTED):
            self.dropped += 1
            self._reconnect()
            return
        if not self.watched:
            self.unwatched += 1
            return
        converted = self._convert(image, self._format)
        self._library.pw_thread_loop_lock(self._loop)
        try:
            self._send(converted)
        finally:
            self._library.pw_thread_loop_unlock(self._loop)

    def close(self) -> None:
        """Takes the camera away; harmless when called twice."""
        self._closed = True
        self._disconnect()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """Publishes the node. Raises SinkError where no daemon answers."""
        library = self._library
        node = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-") or "camera"
        label = self.name.replace("\\", "").replace('"', "'")
        words = f'media.class=Video/Source media.role=Camera node.name={node} node.nick="{label}"'
        words += f' node.description="{label}"'
        self._state, self._problem = api.CONNECTING, ""
        self._loop = library.pw_thread_loop_new(b"phosphene", None)
        self._stream = library.pw_stream_new_simple(
            library.pw_thread_loop_get_loop(self._loop),
            node.encode(),
            library.pw_properties_new_string(words.encode()),
            ctypes.byref(self._events),
            None,
        )
        offered = [api.video_format(code, self._coded, self.fps) for code in (api.I420, api.YUY2)]
        flags = api.DRIVER | api.MAP_BUFFERS
        result = library.pw_stream_connect(
            self._stream, api.OUTPUT, api.ANY_ID, flags, self._pods(offered), len(offered)
        )
        if result < 0:
            self._disconnect()
            raise SinkError("no PipeWire daemon found", hint=f"{_START}; or {INSTALL}")
        library.pw_thread_loop_start(self._loop)

    def _disconnect(self) -> None:
        if self._loop is None:
            return
        loop, stream, self._loop, self._stream = self._loop, self._stream, None, None
        self._library.pw_thread_loop_stop(loop)
        if stream:
            self._library.pw_stream_destroy(stream)
        self._library.pw_thread_loop_destroy(loop)
        self._state = api.UNCONNECTED

    def _reconnect(self) -> None:
        """Publishes the node again where the daemon is back; asks once a second."""
        now = time.monotonic()
        if now < self._next_try_s:
            return
        if not self._next_try_s:
            log.warning("PipeWire camera %s: the daemon has ended, waiting for it to come back", self.name)
        self._next_try_s = now + _RETRY_S
        self._disconnect()
        try:
            self._connect()
        except SinkError:
            return  # told above; it is tried again in a second
        self._next_try_s = 0.0
        self.reconnected += 1
        log.warning("PipeWire camera %s: reconnected", self.name)

    def _pods(self, pods: list[bytes]) -> Any:
        """An array of pointers to pods."""
        blocks = [ctypes.create_string_buffer(pod, len(pod)) for pod in pods]
        array = (ctypes.c_void_p * len(blocks))(*(ctypes.addressof(block) for block in blocks))
        self._params = [blocks, array]
        return ctypes.cast(array, ctypes.c_void_p)

    def _on_state(self, _data: int, _old: int, new: int, error: bytes | None) -> None:
        with self._changed:
            self._state = new
            self._problem = error.decode("utf-8", "replace") if error else ""
            self._changed.notify_all()

    def _on_param(self, _data: int, param: int, pod: int | None) -> None:
        """Both sides agreed on a format: says which buffers it needs."""
        if param != api.PARAM_FORMAT or not pod:
            return
        self._format = api.YUY2 if api.agreed_format(api.read_pod(pod)) == api.YUY2 else api.I420
        stride = self._coded[0] * (2 if self._format == api.YUY2 else 1)
        needed = api.buffers(self._bytes(self._format), stride)
        self._library.pw_stream_update_params(self._stream, self._pods([needed]), 1)

    def _bytes(self, code: int) -> int:
        width, height = self._coded
        return width * height * 2 if code == api.YUY2 else width * height * 3 // 2

    def _convert(self, image: Pixels, code: int) -> Pixels:
        """The image in the agreed format, in an array that is used again for the next."""
        width, height = self._coded
        into = self._converted.get(code)
        if into is None:
            shape = (height, width, 2) if code == api.YUY2 else (height * 3 // 2, width)
            into = self._converted.setdefault(code, np.empty(shape, np.uint8))
        how = cv2.COLOR_RGBA2YUV_YUY2 if code == api.YUY2 else cv2.COLOR_RGBA2YUV_I420
        cv2.cvtColor(image[:height, :width], how, dst=into)
        return into

    def _send(self, image: Pixels) -> None:
        """Fills the next free buffer and starts a cycle; drops the image where the reader holds them all."""
        held = self._library.pw_stream_dequeue_buffer(self._stream)
        if not held:
            self.dropped += 1
            return
        data = held.contents.buffer.contents.datas[0]
        chunk = data.chunk.contents
        chunk.offset = chunk.flags = 0
        if data.data and data.max_size >= image.nbytes:
            ctypes.memmove(data.data, image.ctypes.data, image.nbytes)
            chunk.size, chunk.stride = image.nbytes, image.strides[0]
            self.frames += 1
        else:  # the format changed since the image was made
            chunk.size, chunk.stride = 0, 0
            self.dropped += 1
        self._library.pw_stream_queue_buffer(self._stream, held)
        self._library.pw_stream_trigger_process(self._stream)
