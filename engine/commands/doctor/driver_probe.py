"""What a heavy library can do on this machine, asked in a process of its own, so that a crash there harms nobody.

`python -P engine/commands/doctor/driver_probe.py gl` makes an OpenGL context and prints its renderer; `av` prints which
encoders there are. One JSON object on standard output, with the key `error` where it failed. Imports nothing of ours:
it also runs before the project is installed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

ENCODERS = ("libx264", "libvpx-vp9", "prores_ks", "ffv1", "qtrle", "png", "aac")


def gl() -> dict[str, object]:
    """Renderer and version of a context that is made as the engine makes it."""
    import moderngl

    backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    context = moderngl.create_context(standalone=True, require=330, **backend)
    info = context.info
    found = {
        "renderer": info["GL_RENDERER"],
        "vendor": info["GL_VENDOR"],
        "version": info["GL_VERSION"],
        "max_texture_px": context.info["GL_MAX_TEXTURE_SIZE"],
        "software": any(word in info["GL_RENDERER"].lower() for word in ("llvmpipe", "softpipe", "swrast", "gdi")),
    }
    context.release()
    return found


def av() -> dict[str, object]:
    """The encoders that this PyAV can open, of those that the engine knows."""
    import av

    encoders = []
    for name in ENCODERS:
        try:
            av.Codec(name, "w")
        except ValueError:  # UnknownCodecError
            continue
        encoders.append(name)
    return {"encoders": encoders, "version": av.__version__}


def main(what: str) -> int:
    """Prints the answer; the exit code is 0 even where the answer is an error, so that only a crash has another one."""
    try:
        answer = {"gl": gl, "av": av}[what]()
    except Exception as error:  # noqa: BLE001 (any failure of a foreign library is the answer here)
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
