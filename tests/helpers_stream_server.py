"""Serves a clip by HTTP, over and over at its own pace: as MPEG-TS or as MJPEG.

Usage: python helpers_stream_server.py CLIP mpegts|mpjpeg PORT
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av

CLOCK = Fraction(1, 90000)
TYPES = {"mpegts": "video/mp2t", "mpjpeg": "multipart/x-mixed-replace; boundary=ffmpeg"}


def send(clip: str, kind: str, to: Any) -> None:
    """Until the client goes."""
    with av.open(to, "w", format=kind, options={"flush_packets": "1"}) as out, av.open(clip) as first:
        picture = first.streams.video[0]
        if kind == "mpjpeg":
            stream = out.add_stream("mjpeg", rate=30)
            stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuvj420p"
        else:
            stream = out.add_stream_from_template(picture)
        begin, moment, round_s = time.perf_counter(), 0.0, 0.0
        while True:
            with av.open(clip) as container:
                for packet in container.demux(video=0):
                    if packet.pts is None or packet.dts is None or packet.time_base is None:
                        continue
                    moment = round_s + float(packet.dts * packet.time_base)
                    time.sleep(max(0.0, begin + moment - time.perf_counter()))
                    if kind == "mpjpeg":
                        for frame in packet.decode():
                            frame.pts, frame.time_base = round(moment / CLOCK), CLOCK
                            out.mux(stream.encode(frame))
                        continue
                    ahead = packet.pts - packet.dts
                    packet.dts = round(moment / packet.time_base)
                    packet.pts, packet.stream = packet.dts + ahead, stream
                    out.mux(packet)
            round_s = moment + 1 / 30


def main(clip: str, kind: str, port: str) -> None:
    """Serves until it is killed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", TYPES[kind])
            self.end_headers()
            send(clip, kind, self.wfile)

    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
