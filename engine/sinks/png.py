"""Numbered PNG pictures."""

from __future__ import annotations

import re

import cv2

from engine.closing import Closing
from engine.data import Pixels
from engine.errors import SinkError
from engine.paths import check_writable, is_folder, kind_of, named
from engine.sinks import check_folder, check_picture

_NUMBER = re.compile(r"%(?:0(\d+))?d")
_LEVEL = 1  # zlib's quickest: a quarter of the time of the usual level, files a tenth larger


class PngSink(Closing):
    """Writes picture k to `name_%05d.png` with k in it, counting from 0; a folder gets `frame_%05d.png`, and a
    name without a number holds one picture only.

    Lossless; with `alpha` the pictures are RGBA with straight alpha. A folder that does not exist is made.
    """

    suffix = ".png"

    def __init__(self, name: str, *, size: tuple[int, int], fps: float, alpha: bool = False) -> None:
        self.name, self.alpha = name, alpha
        self.size, self.fps = size, fps
        self.frames = 0
        path = named(name)
        # A folder may be called x.png as well.
        if path.suffix.lower() != self.suffix or name.endswith(("/", "\\")) or is_folder(path):
            check_folder(path)
            try:
                path.mkdir(exist_ok=True)
            except OSError as error:
                raise SinkError(f"the folder cannot be made ({error.strerror})", where=str(path)) from error
            path = path / f"frame_%05d{self.suffix}"
        self._numbered = "%" in path.name
        if self._numbered and (len(_NUMBER.findall(path.name)) != 1 or path.name.count("%") != 1):
            raise SinkError("one number such as %05d may stand in the name", where=str(path))
        check_folder(path)
        check_writable(path.parent)
        if (there := kind_of(path)) not in ("", "file"):
            raise SinkError(f"is a {there}, no file", where=str(path), hint="choose another name")
        self._path = path

    def write(self, image: Pixels, time_s: float) -> None:
        """Writes one picture."""
        check_picture(image.shape, self.size)
        if self.frames and not self._numbered:
            raise SinkError(
                "many pictures need a number in the name",
                where=str(self._path),
                hint=f"write {self._path.stem}_%05d{self.suffix}, or a folder/",
            )
        path = self._path.with_name(self._path.name % self.frames) if self._numbered else self._path
        data = self.encode(image)
        try:
            path.write_bytes(data)
        except OSError as error:
            raise SinkError(
                f"cannot be written ({error.strerror})", where=str(path), hint="check the disk's space and permissions"
            ) from error
        self.frames += 1

    def encode(self, image: Pixels) -> bytes:
        """One picture as a file's bytes."""
        order = cv2.COLOR_RGBA2BGRA if self.alpha else cv2.COLOR_RGBA2BGR
        ok, data = cv2.imencode(".png", cv2.cvtColor(image, order), [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL])
        if not ok:
            raise SinkError("the picture could not be encoded", where=str(self._path))
        return data.tobytes()
