"""The GLSL that stands before and round every effect's own: vertex shaders, helpers, and what a shader may call."""

from __future__ import annotations

from ..core.places import SHADERS
from ..effect.shader import VERSION

# The sRGB curve, `to_srgb` and `to_linear`: no include, as every shader may call it.
SRGB = (SHADERS / "lib" / "srgb.glsl").read_text("utf-8")
# What a shader knows of the renderer: a program turns 0 into 1 where a processor draws.
NO_SOFTWARE, IN_SOFTWARE = "#define _SOFTWARE 0", "#define _SOFTWARE 1"


SPRITE_VERTEX = f"""{VERSION}
uniform vec2 size_px;
in vec4 _place;   // centre and half size, pixels
in float _angle;
in vec4 _data0;
in vec4 _data1;
out vec2 _uv;
out vec2 sprite;
flat out vec2 sprite_half_px;
flat out vec4 data0;
flat out vec4 data1;
void main() {{
    sprite = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    sprite_half_px = _place.zw;
    data0 = _data0;
    data1 = _data1;
    vec2 p = sprite * _place.zw;
    float c = cos(_angle), s = sin(_angle);
    _uv = (_place.xy + vec2(c * p.x - s * p.y, s * p.x + c * p.y)) / size_px;
    gl_Position = vec4(_uv * 2.0 - 1.0, 0.0, 1.0);
}}
"""

# Rectangles of the image, corners in uv: neighbours share the very same numbers, so no pixel is drawn twice.
TILE_VERTEX = f"""{VERSION}
in vec4 _rect;
out vec2 _uv;
void main() {{
    _uv = mix(_rect.xy, _rect.zw, vec2(gl_VertexID & 1, gl_VertexID >> 1));
    gl_Position = vec4(_uv * 2.0 - 1.0, 0.0, 1.0);
}}
"""

# Positions as in Face.points, or in space and seen by the camera that Face.transform is given for. Row 0 of an image
# is its top, so y points down as in uv.
MESH_VERTEX = f"""{VERSION}
uniform mat4 _transform;
uniform float _in_space;
uniform float _focal;
uniform float _near_cm;
uniform vec2 size_px;
in vec3 _position;
in vec2 _mesh_uv;
in vec3 _mesh_normal;
in vec4 _mesh_color;
out vec2 mesh_uv;
out vec3 mesh_normal;
out vec3 mesh_position;
out vec4 mesh_color;
void main() {{
    mesh_uv = _mesh_uv;
    mesh_color = _mesh_color;
    if (_in_space > 0.5) {{
        mesh_position = (_transform * vec4(_position, 1.0)).xyz;
        mesh_normal = mat3(_transform) * _mesh_normal;
        vec2 seen = vec2(mesh_position.x * size_px.y / size_px.x, -mesh_position.y) * _focal;
        gl_Position = vec4(seen, -mesh_position.z - 2.0 * _near_cm, -mesh_position.z);   // depth 1 - 2 near / distance
    }} else {{
        mesh_position = _position;
        mesh_normal = _mesh_normal;
        gl_Position = vec4(_position.xy * 2.0 - 1.0, clamp(_position.z, -1.0, 1.0), 1.0);
    }}
}}
"""

PRELUDE = (
    """
uniform float time_s;      // seconds since the start
uniform float dt;          // seconds since the last frame
uniform vec2 size_px;      // the size of what is drawn
uniform float seed;        // 0..1, fixed for a run
in vec2 _uv;
out vec4 _out;
float _mask_here = 1.0;   // fetched once for the pixel that is drawn, before anything else
float luma(vec3 linear_rgb) { return dot(linear_rgb, vec3(0.2126, 0.7152, 0.0722)); }
"""
    + SRGB
)

SPRITE_PRELUDE = """
in vec2 sprite;
flat in vec2 sprite_half_px;
flat in vec4 data0;
flat in vec4 data1;
"""

MESH_PRELUDE = """
in vec2 mesh_uv;
in vec3 mesh_normal;
in vec3 mesh_position;
in vec4 mesh_color;
uniform vec4 data0;
uniform vec4 data1;
"""
# A straight line in space is not evenly divided in the image: a mesh's pixel is asked where it is.
UV_VARYING, UV_OF_PIXEL = "in vec2 _uv;", "#define _uv (gl_FragCoord.xy / size_px)"

_CAMERA = """
uniform sampler2D _camera;
vec4 camera(vec2 uv) { return texture(_camera, uv); }
vec4 camera_here() { return texelFetch(_camera, ivec2(gl_FragCoord.xy), 0); }
"""

# What a shader may call, by the word that calls it for: declared only where that word occurs.
FEATURES: dict[str, str] = {
    "frame": """
uniform sampler2D _frame;
vec4 frame(vec2 uv) { return texture(_frame, uv); }
// A soft pixel of a cut-out holds some of the room behind; where the room's colours are known, it is taken out.
#ifdef _CLEAN
uniform sampler2D _room;
#endif
vec4 frame_here() {
    vec4 c = texelFetch(_frame, ivec2(gl_FragCoord.xy), 0);
#ifdef _CLEAN
    float a = max(_mask_here, 0.5);   // a guess is not trusted further
    c.rgb = clamp((c.rgb - (1.0 - a) * textureLod(_room, _uv, 0.0).rgb) / a, 0.0, 1.0);
#endif
    return c;
}
""",
    "camera": _CAMERA,
    # The matte is a local linear model of the colour (guided filter, He et al. 2013): alpha = a·colour + b. Away from
    # edges a is 0, and nothing more is fetched. The colour is the mean of two bilinear fetches half a pixel up and left
    # and down and right: a quarter of a sensor's noise. In software, where these two cost a third of a cut-out's draw,
    # it is the pixel's own. engine/commands/score/alpha.py computes the same.
    "mask": f"""
{NO_SOFTWARE}
uniform sampler2D _matte;
uniform sampler2D _guide;
uniform vec3 _matte_shape;   // low, high of the soft step; 1 where the matte holds guided coefficients
float mask(vec2 uv) {{
    vec4 m = texture(_matte, uv);
    float a = m.r;
    if (_matte_shape.z > 0.5) {{
        a = m.a;
        if (m.rgb != vec3(0.0)) {{
#if _SOFTWARE
            vec3 light = texelFetch(_guide, ivec2(uv * vec2(textureSize(_guide, 0))), 0).rgb;
#else
            vec2 half_px = 0.5 / vec2(textureSize(_guide, 0));
            vec3 light = 0.5 * (textureLod(_guide, uv - half_px, 0.0).rgb + textureLod(_guide, uv + half_px, 0.0).rgb);
#endif
            a += dot(m.rgb, sqrt(light));
        }}
    }}
    return smoothstep(_matte_shape.x, _matte_shape.y, a);
}}
float mask_here() {{ return _mask_here; }}
""",
    # Where the room was never seen, what lies behind is guessed from what is known round it; alpha says which.
    "plate": """
uniform sampler2D _plate;
uniform sampler2D _plate_guess;
uniform sampler2D _plate_gain;
uniform sampler2D _plate_cover;
vec4 plate(vec2 uv) {
    vec4 guess = textureLod(_plate_guess, uv, 0.0);
    vec3 known = textureLod(_plate, uv, 0.0).rgb * textureLod(_plate_gain, uv, 0.0).rgb;
    return vec4(mix(guess.rgb, known, guess.a), guess.a);
}
float plate_cover(vec2 uv) { return textureLod(_plate_cover, uv, 0.0).r; }
""",
    "backdrop": """
uniform sampler2D _backdrop;
vec4 backdrop(vec2 uv) { return texture(_backdrop, uv); }
""",
    "past": """
uniform sampler2D _past;
vec4 past(vec2 uv) { return texture(_past, uv); }
""",
    "face": """
uniform sampler2D _faces;
uniform int face_count;
vec3 face_point(int face, int index) { return texelFetch(_faces, ivec2(index, face), 0).xyz; }
""",
    "pose": """
uniform sampler2D _poses;
uniform int pose_count;
vec3 pose_point(int pose, int index) { return texelFetch(_poses, ivec2(index, pose), 0).xyz; }
float pose_visibility(int pose, int index) { return texelFetch(_poses, ivec2(index, pose), 0).w; }
""",
}
WORDS: dict[str, tuple[str, ...]] = {
    "frame": ("frame", "frame_here"),
    "camera": ("camera", "camera_here"),
    "mask": ("mask", "mask_here"),
    "plate": ("plate", "plate_cover"),
    "backdrop": ("backdrop",),
    "past": ("past",),
    "face": ("face_point", "face_count"),
    "pose": ("pose_point", "pose_count", "pose_visibility"),
}
TRACKERS = {"mask": "person", "plate": "person", "face": "face", "pose": "pose"}

# Added to a way of writing (`cut`, `tile-soft`): soft pixels of the cut-out are freed of the room's colours.
CLEAN = " clean"
# How the result of a pass is written. The last pass of a layer also cuts it out and gives it its opacity, so that a
# layer costs no pass of its own.
MAIN = {
    "effect": "_out = effect(_uv);",
    "opacity": "_out = effect(_uv) * _opacity;",
    "cut": "_out = effect(_uv) * (mask_here() * _opacity);",
    "tile-soft": "_out = effect(_uv) * (mask_here() * _opacity);",
    "tile-solid": "_out = effect(_uv) * _opacity;",  # where the mask is 1 for sure
    "cut-not": "_out = effect(_uv) * ((1.0 - mask_here()) * _opacity);",
}
