"""Small networks run directly by LiteRT, mostly in one thread; inference releases Python's lock."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ..core.errors import TrackerError
from ..core.frame import Floats, Pixels
from ..core.imaging import resize
from .quiet import quiet


class Network:
    """One TFLite network with one picture as its input. `size` is the (width, height) that it wants."""

    def __init__(self, file: Path, member: str = "", threads: int = 1) -> None:
        """Loads `file`, or `member` of it where it is a `.task` bundle (a zip archive); the answers are the same
        however many `threads` find them. Raises TrackerError."""
        try:
            content = zipfile.ZipFile(file).read(member) if member else file.read_bytes()
            with quiet():
                self._net = Interpreter(model_content=content, num_threads=threads)
                self._net.allocate_tensors()
        except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
            raise TrackerError(
                f"{file.name}{f'/{member}' if member else ''} cannot be loaded: {error}",
                hint="`phosphene models` checks the files",
            ) from error
        self._input = int(self._net.get_input_details()[0]["index"])
        self._outputs = [int(o["index"]) for o in self._net.get_output_details()]
        shape = [int(n) for n in self._net.get_input_details()[0]["shape"]]
        self.size = shape[2], shape[1]

    def run(self, picture: Floats) -> list[Floats]:
        """All outputs for `picture` (h, w, 3) float32, without the batch dimension; copies. Raises TrackerError."""
        try:
            self._net.set_tensor(self._input, picture[None])
            self._net.invoke()
            found = (self._net.get_tensor(i) for i in self._outputs)
            # An output of one dimension has none for the batch.
            return [np.array(o if o.ndim == 1 else o[0], np.float32) for o in found]
        except (RuntimeError, ValueError) as error:
            raise TrackerError(f"a network failed on its picture {picture.shape}: {error}") from error


def letterbox(pixels: Pixels, side: int) -> Pixels:
    """`pixels` in the middle of a black square of `side` pixels, its shape kept."""
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    inner = resize(pixels, (max(1, round(width * scale)), max(1, round(height * scale))))
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - inner.shape[0]) // 2, (side - inner.shape[1]) // 2
    square[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return square
