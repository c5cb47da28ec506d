"""Numbered PNG images."""

from __future__ import annotations

from pathlib import Path

import cv2

from ..core.closing import Closing
from ..core.errors import SinkError
from ..core.files.new import NewFiles, numbered
from ..core.files.numbered import NumberedFiles, numbered_again
from ..core.files.put import OVERWRITE, behind
from ..core.files.target import is_folder
from ..core.frame import Pixels
from . import check_image
from .names import images_at

_LEVEL = 1  # zlib's quickest: a quarter of the time of the usual level, files a tenth larger


class PngSink(Closing):
    """Writes image k to `name_%05d.png` with k in it, counting from 0; a folder gets `frame_%05d.png`, and a
    name without a number holds one image only.

    Lossless; with `alpha` the images are RGBA with straight alpha. A folder that does not exist is made. `overwrite`,
    `live` and what is there already: see NumberedFiles, and NewFiles for the one image.
    """

    suffix = ".png"

    def __init__(
        self,
        name: str,
        *,
        size: tuple[int, int],
        fps: float,
        alpha: bool = False,
        live: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.name, self.alpha = name, alpha
        self.size, self.fps = size, fps
        self.frames = 0
        self._whole = True
        target = images_at(name, self.suffix)
        path = self._path = target.path
        self._many: NumberedFiles | None = None
        self._one: NewFiles | None = None
        if target.numbered:
            makes_folder = is_folder(name) or Path(name).suffix.lower() != self.suffix

            def names(number: int) -> Path:
                if not makes_folder:
                    return numbered_again(path, number)
                folder = path.parent if path.parent.name not in ("", "..") or number == 1 else behind(path.parent)
                return numbered(folder, number) / path.name

            self._many = NumberedFiles(names, makes_folder=makes_folder, live=live, overwrite=overwrite)
        else:
            self._one = NewFiles(lambda number: [numbered(path, number)], live=live, overwrite=overwrite, direct=False)

    @property
    def files(self) -> list[Path]:
        """The image that was written, or the pattern of several, where they are now."""
        if not self.frames:
            return []
        return [self._many.target.path] if self._many is not None else self._one.paths if self._one is not None else []

    def cut_short(self) -> None:
        """Says that there would have been more: a single image then replaces no older one."""
        self._whole = False

    def write(self, image: Pixels, time_s: float) -> None:
        """Writes one image."""
        check_image(image.shape, self.size)
        if self.frames and self._many is None:
            self._whole = False
            raise SinkError(
                "several images need a number in the name",
                where=str(self._path),
                hint=f"write {self._path.stem}_%05d{self.suffix}, or a folder/",
            )
        data = self.encode(image)
        try:
            if self._many is not None:
                self._many.write(self.frames, data)
            elif self._one is not None:
                self._one.begin()[0].write_bytes(data)
        except FileExistsError:
            where = self._path if self._many is None else self._many.target.file(self.frames)
            raise SinkError("was created by another program meanwhile", where=str(where), hint=OVERWRITE) from None
        except OSError as error:
            where = self._path if self._many is None else self._many.target.file(self.frames)
            raise SinkError(
                f"cannot be written ({error.strerror})",
                where=str(where),
                hint="check the disk's space and permissions",
            ) from error
        self.frames += 1

    def close(self) -> None:
        """Puts a single image in its place; harmless when called twice."""
        if self._many is not None:
            self._many.close()
            return
        assert self._one is not None
        try:
            if self.frames:
                self._one.land(whole=self._whole)
        except OSError as error:
            raise SinkError(f"cannot be written ({error.strerror})", where=str(self._path)) from error
        finally:
            self._one.drop()

    def encode(self, image: Pixels) -> bytes:
        """One image as a file's bytes."""
        order = cv2.COLOR_RGBA2BGRA if self.alpha else cv2.COLOR_RGBA2BGR
        ok, data = cv2.imencode(".png", cv2.cvtColor(image, order), [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL])
        if not ok:
            raise SinkError("the image could not be encoded", where=str(self._path))
        return data.tobytes()
