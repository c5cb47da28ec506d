"""The golden pictures: what is drawn, and how far another machine's picture may be from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from phosphene.engine.core.frame import Pixels

from tests.helpers_system import run

PICTURES = Path(__file__).parent / "pictures"
SIZE = (320, 180)
EVERY, COUNT = 9, 5  # the pictures are of 1.2 s, after four others: smoothing and easing are in them


@dataclass(frozen=True, slots=True)
class Case:
    """One picture.

    A software rasteriser compiles its code for the processor, so the same frame may differ by 3 codes elsewhere: a
    pixel further off than `codes` counts, and `share` of the pixels may count. Where a tracker decides where things
    are drawn the share is larger: networks, too, give slightly other landmarks and masks on another processor, and an
    edge that moves by a tenth of a pixel changes the pixels along it by more than 3 codes. A picture that is shifted by
    two pixels, or whose beams have another colour, is still told (test_golden.py holds that).
    """

    name: str
    scene: str
    settings: tuple[tuple[str, Any], ...] = ()
    share: float = 0.005
    codes: int = 3
    models: tuple[str, ...] = ()  # of the store, which are fetched only where they are asked for

    @property
    def path(self) -> Path:
        """Where the picture lies."""
        return PICTURES / f"{self.name}.png"


TRACKED = 0.04
CASES = (
    Case("blur", "blur", share=TRACKED),
    Case("body-parts", "body-parts", share=TRACKED, models=("bodypix_075",)),
    Case("clothing-size", "clothing-size", share=TRACKED),
    Case("cutout", "cutout", share=TRACKED),
    Case("duotone", "duotone", (("amount", 1.0),)),
    Case("face-paint", "face-paint", (("hands", False),), TRACKED),
    Case("face-paint-facets", "face-paint", (("hands", False), ("design", "facets")), TRACKED),
    Case("glasses", "glasses", share=TRACKED),
    Case("glasses-dark", "glasses", (("tint", 1.0),), TRACKED),
    Case("laser-eyes", "laser-eyes", (("trigger", "always"),), share=TRACKED),
    Case("laser-eyes-green", "laser-eyes", (("trigger", "always"), ("color", "#22ff66"), ("aim_deg", -15.0)), TRACKED),
    Case("makeup", "makeup", (("hands", False), ("lips", "#c01030"), ("eyes_amount", 0.9), ("blush_amount", 0.8))),
    Case("mirror", "mirror"),
    Case("mirror-left", "mirror", (("mode", "left"),)),
    Case("objects", "objects", (("most", 2),), models=("efficientdet_lite0",)),
    Case("teleport", "teleport", share=TRACKED),
    Case("teleport-dawn", "teleport", (("hour", 1.0),), share=TRACKED),
    Case("teleport-color", "teleport", (("kind", "color"), ("place.color", "#2b3a55")), share=TRACKED),
    Case("teleport-blur", "teleport", (("kind", "blur"),), share=TRACKED),
    Case("what-is-this", "what-is-this", (("scores", False),), models=("efficientnet_lite0",)),
    Case("vanish", "vanish", share=TRACKED),
    Case("clone", "clone", share=TRACKED),
    Case("hologram", "hologram", share=TRACKED),
)


def render(case: Case) -> Pixels:
    """The picture of `case` as this machine draws it, H×W×4 uint8."""
    done = run(case.scene, "demo", size=SIZE, count=COUNT, every=EVERY, settings=case.settings)
    if done.problems:
        raise AssertionError(f"{case.name}: {done.problems}")
    return done.images[-1]


def save(path: Path, image: Pixels) -> None:
    """Writes H×W×4 uint8 as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def load(path: Path) -> Pixels:
    """Reads a PNG as H×W×4 uint8."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"{path}: no golden picture; make it with `python -m tests.golden.renew`")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA))
