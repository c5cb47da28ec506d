"""Reads any still image into 8-bit sRGB."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..core.errors import SourceError
from ..core.frame import Pixels
from ..core.srgb import LINEAR, encode8

MAX_PIXELS, MAX_BYTES = 100_000_000, 1_000_000_000
_JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")  # a bare codestream, and one in a container (ISO/IEC 18181-2)
_FORMATS = "JPEG, PNG, WebP, AVIF, TIFF, BMP, PSD, GIF or Radiance HDR"
# What people have and this cannot read, by its first bytes.
_KNOWN = {
    "an SVG drawing": re.compile(rb".{0,4000}<svg", re.DOTALL),
    "a JPEG XL image": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL ", re.DOTALL),
    "an HEIC image": re.compile(rb".{4}ftyp(hei|mif1|msf1)", re.DOTALL),
    "a PDF": re.compile(rb"%PDF"),
    "a macOS metadata file": re.compile(rb"\0\x05\x16[\x07\0]", re.DOTALL),
}


def read_image(path: Path, alpha: bool = False) -> Pixels:
    """The image in `path`: H×W×3 uint8 sRGB, turned as its EXIF orientation says.

    Where `alpha` is asked for, one that has transparent parts is H×W×4 with premultiplied linear light, stored as sRGB.
    16-bit, grey, palette and CMYK images become RGB; what is transparent becomes black; Radiance HDR is tone mapped.
    Raises SourceError for what cannot be read and for images of more than 100 megapixels.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError("the image file is larger than a gigabyte", where=str(path), hint="scale it down")
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", where=str(path), hint="check the path") from error
    if not data:
        raise SourceError("the file is empty", where=str(path), hint="copy or download it again")
    if data.startswith((b"#?RADIANCE", b"#?RGBE")):
        return _read_hdr(data, path)
    if data.startswith(_JPEG_XL):
        raise SourceError(
            "is a JPEG XL image: no decoder for it",
            where=str(path),
            hint=f"expected {_FORMATS}; convert it to PNG",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes and oddities that are judged below
            with Image.open(io.BytesIO(data)) as image:
                _check_size(image.size, path)
                turned = ImageOps.exif_transpose(image)
                return premultiplied(turned) if alpha and turned.has_transparency_data else to_rgb8(turned)
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        what = next((f"is {name}, which cannot be read" for name, like in _KNOWN.items() if like.match(data)), "")
        raise SourceError(
            what or "cannot be read as an image", where=str(path), hint=f"convert it to PNG; supported: {_FORMATS}"
        ) from error
    except (OSError, ValueError, SyntaxError, IndexError, EOFError, MemoryError, TypeError, ZeroDivisionError) as error:
        # Pillow's readers raise any of these on damaged files
        raise SourceError(
            f"the image is damaged or cut off ({error})", where=str(path), hint="copy or download it again"
        ) from error


def to_rgb8(image: Image.Image) -> Pixels:
    """A Pillow image as H×W×3 uint8, transparent parts over black."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_wide(np.asarray(image))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, rgba)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def premultiplied(image: Image.Image) -> Pixels:
    """A Pillow image with transparent parts as H×W×4 uint8, linear light times alpha, stored as sRGB."""
    rgba = np.asarray(image.convert("RGBA"))
    codes = encode8(LINEAR[rgba[..., :3]] * (rgba[..., 3:].astype(np.float32) / 255))
    return np.concatenate([codes, rgba[..., 3:]], axis=2)


def _from_wide(values: NDArray[np.generic]) -> Pixels:
    """Grey values of 16 or 32 bits or floats as RGB: full scale is 65535, or 1.0 for floats that stay within it."""
    wide = values.astype(np.float32)
    top = float(wide.max(initial=0.0))
    full = max(1.0 if values.dtype.kind == "f" else 65535.0, top)
    grey = np.clip(wide / full * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _read_hdr(data: bytes, path: Path) -> Pixels:
    """Radiance HDR by Reinhard's global operator (Reinhard et al. 2002): key 0.18, white at the 99.5th percentile."""
    resolution = re.search(rb"[-+]Y (\d+) [-+]X (\d+)", data[:4096])
    if resolution:
        _check_size((int(resolution[2]), int(resolution[1])), path)
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise SourceError("the HDR image is damaged", where=str(path), hint="copy or download it again")
    linear = np.maximum(np.nan_to_num(bgr[..., ::-1].astype(np.float32), posinf=1e4), 0)
    luma = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    key = float(np.exp(np.mean(np.log(luma + 1e-4))))
    exposed = linear * np.float32(0.18 / max(key, 1e-6))
    white = max(1.0, float(np.percentile(luma, 99.5)) * 0.18 / max(key, 1e-6))
    mapped = exposed * (1 + exposed / white**2) / (1 + exposed)
    return np.ascontiguousarray(encode8(np.clip(mapped, 0, 1)))


def _check_size(size: tuple[int, int], path: Path) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(path)
    if min(size) < 1:
        raise SourceError("the image has no pixels", where=str(path), hint="copy or download it again")


def _too_large(path: Path) -> SourceError:
    return SourceError(
        f"the image has more than {MAX_PIXELS // 1_000_000} megapixels", where=str(path), hint="scale it down first"
    )
