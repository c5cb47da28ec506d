"""Clips whose flash and beep tell how far picture and sound are apart, and their way through a source and a sink."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from phosphene.engine.sinks import open_sink
from phosphene.engine.sources import open_source
from phosphene.engine.sources.tracks import video_tracks

RATE, SIZE = 48000, (64, 48)


def through(source: Path, target: Path, sound: Path | None = None, **options: Any) -> list[float]:
    """Writes every picture and the sound of `source` to `target`, as a show does; returns the pictures' times."""
    times = []
    with open_source(str(source), **options) as clip:
        fps, heard = clip.fps or 30.0, getattr(clip, "audio_path", None) if sound is None else str(sound)
        with open_sink(str(target), size=clip.size, fps=fps, audio_from=heard) as sink:
            for frame in iter(clip.read, None):
                times.append(frame.time_s)
                opaque = np.full(frame.pixels.shape[:2], 255, np.uint8)
                sink.write(np.dstack([frame.pixels, opaque]), frame.time_s)
            if (end_s := getattr(clip, "end_s", None)) is not None:
                sink.end(end_s)  # type: ignore[attr-defined]
    return times


def pictures(path: Path) -> tuple[list[float], list[float]]:
    """(when each picture is shown, when a flash begins): white in the lower middle of the picture."""
    times, flashes, lit = [], [], False
    with av.open(str(path)) as container:
        for frame in container.decode(video_tracks(container)[0]):
            grey = frame.to_ndarray(format="gray")
            height, width = grey.shape
            now = float(grey[int(height * 0.82) : int(height * 0.93), width // 4 : 3 * width // 4].mean()) > 128
            times.append(float(frame.pts * frame.time_base))
            if now and not lit:
                flashes.append(times[-1])
            lit = now
    return times, flashes


def beeps(path: Path) -> tuple[list[float], float, float]:
    """(when each beep begins, when the sound begins, when it ends)."""
    found, last, begin, end = [], -1.0, None, 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            wave = np.abs(frame.to_ndarray().astype(np.float64))
            wave = wave[0] if frame.format.is_planar else wave.reshape(-1, frame.layout.nb_channels)[:, 0]
            wave /= {"s16": 32768.0, "s32": 2.0**31}.get(frame.format.name.rstrip("p"), 1.0)
            start = float(frame.pts * frame.time_base)
            begin = start if begin is None else begin
            for index in np.flatnonzero(wave > 0.25):
                moment = start + int(index) / frame.sample_rate
                if moment - last > 0.1:
                    found.append(moment)
                last = moment
            end = start + frame.samples / frame.sample_rate
    return found, begin or 0.0, end


def length_s(path: Path) -> float:
    """How long the picture of a written file is shown, by its header."""
    with av.open(str(path)) as container:
        stream = video_tracks(container)[0]
        if stream.duration is not None and stream.time_base is not None and path.suffix != ".mkv":
            return float(stream.duration * stream.time_base)
        return (container.duration or 0) / 1e6


def make_clip(
    path: Path,
    *,
    seconds: float = 3.0,
    codec: str = "libx264",
    sound: str = "aac",
    stamp: Callable[[str, int], tuple[int | None, int | None]] | None = None,
) -> Path:
    """30 pictures a second with a flash, and a beep of 50 ms, at each full second; no picture is reordered.

    `stamp` is asked for the (dts, pts) of each packet, by its kind and its time in 90000ths of a second.
    """
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": "15"} if codec == "libx264" else {}
        video = out.add_stream(codec, rate=30, options=options)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        heard = out.add_stream(sound, rate=RATE, layout="mono")
        at = np.arange(round(seconds * RATE)) / RATE
        wave = (0.8 * np.sin(2 * np.pi * 1000 * at) * (at % 1.0 < 0.05)).astype(np.float32)
        planar = sound == "aac"
        packets: list[tuple[float, Any]] = []
        for number in range(round(seconds * 30)):
            grey = np.full((SIZE[1], SIZE[0], 3), 255 if number % 30 < 2 else 0, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            packets += [(float(p.dts * p.time_base), p) for p in video.encode(frame)]
        for begin in range(0, len(wave), 1024):
            piece = wave[None, begin : begin + 1024]
            kind, values = ("fltp", piece) if planar else ("s16", (piece * 32767).astype(np.int16))
            part = av.AudioFrame.from_ndarray(np.ascontiguousarray(values), kind, "mono")
            part.rate, part.pts, part.time_base = RATE, begin, Fraction(1, RATE)
            packets += [(float(p.dts * p.time_base), p) for p in heard.encode(part)]
        for stream in (video, heard):
            packets += [(float(p.dts * p.time_base), p) for p in stream.encode(None)]
        for _, packet in sorted(packets, key=lambda found: found[0]):
            if stamp is not None:
                ticks = round(packet.pts * packet.time_base * 90000)
                duration = round((packet.duration or 0) * packet.time_base * 90000)
                packet.dts, packet.pts = stamp(packet.stream.type, ticks)
                packet.time_base, packet.duration = Fraction(1, 90000), duration
            out.mux(packet)
    return path
