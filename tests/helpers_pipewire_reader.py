"""Watches a PipeWire camera and writes what it saw as one JSON line: a consumer as other programs are one.

usage: helpers_pipewire_reader.py NODE FORMAT WIDTH HEIGHT FRAMES   (FORMAT: I420 or YUY2)
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from phosphene.engine.sinks import pipewire_api as api
from phosphene.engine.sources.testcard import read_number

INPUT, AUTOCONNECT = 0, 1
PATIENCE_S = 120.0
ON_PROCESS = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Reader:
    """Keeps the bytes of the first `count` pictures of `node`."""

    def __init__(self, node: str, code: int, size: tuple[int, int], count: int) -> None:
        self.library: Any = api.load()
        self.pictures: list[bytes] = []
        self.problem = ""
        self.count, self.done = count, threading.Event()
        self.callbacks = (ON_PROCESS(self.on_process), api.ON_STATE(self.on_state))
        self.events = api.StreamEvents(
            version=0,
            state_changed=self.callbacks[1],
            process=ctypes.cast(self.callbacks[0], ctypes.c_void_p),
        )
        self.loop = self.library.pw_thread_loop_new(b"reader", None)
        words = f"media.type=Video media.category=Capture media.role=Camera node.target={node} target.object={node}"
        self.stream = self.library.pw_stream_new_simple(
            self.library.pw_thread_loop_get_loop(self.loop),
            b"reader",
            self.library.pw_properties_new_string(words.encode()),
            ctypes.byref(self.events),
            None,
        )
        pod = api.video_format(code, size, 30.0)
        self.block = ctypes.create_string_buffer(pod, len(pod))
        array = (ctypes.c_void_p * 1)(ctypes.addressof(self.block))
        flags = AUTOCONNECT | api.MAP_BUFFERS
        if (
            self.library.pw_stream_connect(
                self.stream, INPUT, api.ANY_ID, flags, ctypes.cast(array, ctypes.c_void_p), 1
            )
            < 0
        ):
            raise SystemExit("cannot connect")
        self.library.pw_thread_loop_start(self.loop)

    def on_state(self, _data: int, _old: int, new: int, error: bytes | None) -> None:
        if new == api.ERROR:
            self.problem = (error or b"").decode()
            self.done.set()

    def on_process(self, _data: int) -> None:
        held = self.library.pw_stream_dequeue_buffer(self.stream)
        if not held:
            return
        data = held.contents.buffer.contents.datas[0]
        chunk = data.chunk.contents
        if data.data and chunk.size and len(self.pictures) < self.count:
            self.pictures.append(ctypes.string_at(data.data + chunk.offset, chunk.size))
        self.library.pw_stream_queue_buffer(self.stream, held)
        if len(self.pictures) >= self.count:
            self.done.set()

    def close(self) -> None:
        self.library.pw_thread_loop_stop(self.loop)
        self.library.pw_stream_destroy(self.stream)
        self.library.pw_thread_loop_destroy(self.loop)


def main() -> None:
    """Reads, decodes the numbers of the test card, and tells."""
    node, name = sys.argv[1:3]
    width, height, count = (int(text) for text in sys.argv[3:6])
    code, shape, to_bgr = {
        "I420": (api.I420, (height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420),
        "YUY2": (api.YUY2, (height, width, 2), cv2.COLOR_YUV2BGR_YUY2),
    }[name]
    reader = Reader(node, code, (width, height), count)
    reader.done.wait(PATIENCE_S)
    reader.close()
    numbers, sums = [], []
    for picture in reader.pictures:
        yuv = np.frombuffer(picture, np.uint8).reshape(shape)
        numbers.append(read_number(cv2.cvtColor(yuv, to_bgr)))
        sums.append(int(yuv.astype(np.int64).sum()))
    print(json.dumps({"numbers": numbers, "sums": sums, "problem": reader.problem}))


if __name__ == "__main__":
    main()
