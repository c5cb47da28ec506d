"""A sink that keeps a few moments of a show and lays them out in one image."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..core.closing import Closing
from ..core.files.new import check_folder
from ..core.files.put import check_free, write_whole
from ..core.frame import Pixels
from ..core.imaging import resize
from ..core.paths import named

log = logging.getLogger("phosphene")


class ContactSheet(Closing):
    """Keeps the first image at or after each of `times_s`, each `width` pixels wide, `columns` in a row.

    The file's ending chooses the format (.png, .jpg). One that was cut short replaces nothing. Raises SinkError where
    it cannot be written, or is there already and not to be replaced.
    """

    alpha = False
    GAP_PX = 6

    def __init__(
        self, path: str, times_s: Sequence[float], *, width: int = 480, columns: int = 3, overwrite: bool = False
    ) -> None:
        self.path = named(path)
        check_folder(self.path)
        check_free(self.path, overwrite=overwrite)
        self._overwrite, self._cut = overwrite, False
        self._written = False
        self._waiting = sorted(times_s)
        self._width, self._columns = width, columns
        self._kept: list[Pixels] = []
        self._closed = False

    @property
    def files(self) -> list[Path]:
        """The sheet, once it is written."""
        return [self.path] if self._written else []

    def cut_short(self) -> None:
        """Says that more moments would have come: the sheet replaces no older one."""
        self._cut = True

    def write(self, image: Pixels, time_s: float) -> None:
        """Keeps the image if one of the moments has come."""
        if self._waiting and time_s >= self._waiting[0] - 1e-6:
            while self._waiting and time_s >= self._waiting[0] - 1e-6:
                self._waiting.pop(0)
            height = max(1, round(image.shape[0] * self._width / image.shape[1]))
            self._kept.append(resize(np.ascontiguousarray(image[..., :3]), (self._width, height)).copy())

    def close(self) -> None:
        """Writes the sheet; nothing where no image came."""
        if self._closed or not self._kept:
            return
        self._closed = True
        gap = self.GAP_PX if len(self._kept) > 1 else 0
        height, columns = self._kept[0].shape[0], min(self._columns, len(self._kept))
        rows = -(-len(self._kept) // columns)
        shape = (rows * height + (rows - 1) * gap, columns * self._width + (columns - 1) * gap, 3)
        sheet = np.full(shape, 18, np.uint8)
        for index, image in enumerate(self._kept):
            y, x = index // columns * (height + gap), index % columns * (self._width + gap)
            sheet[y : y + height, x : x + self._width] = image
        data = BytesIO()
        kind = "PNG" if self.path.suffix.lower() == ".png" else "JPEG"
        Image.fromarray(sheet).save(data, kind, quality=88)
        if self._cut and self.path.exists():
            log.warning("%s is kept, as the new one was cut short", self.path)
            return
        write_whole(self.path, data.getvalue(), overwrite=self._overwrite)
        self._written = True
