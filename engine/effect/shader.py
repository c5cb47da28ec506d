"""A shader as the driver gets it, and the vertex shader that most of them have."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "#version 330 core"
VERTEX = f"""{VERSION}
out vec2 _uv;
void main() {{
    _uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    gl_Position = vec4(_uv * 2.0 - 1.0, 0.0, 1.0);
}}
"""


@dataclass(frozen=True, slots=True)
class Shader:
    """One assembled fragment shader: the text for the driver, what it uses, and the files that its lines come from."""

    text: str
    features: frozenset[str]
    files: tuple[str, ...]
    vertex: str = VERTEX
    name: str = "shader"
    words: frozenset[str] = frozenset()  # every identifier of the author's own text
    retry: tuple[str, ...] = ()  # `#version` lines to try where it does not compile as it is
    quad: bool = False  # drawn as four corners rather than as one large triangle
    vertex_file: str = ""  # the author's own vertex shader
