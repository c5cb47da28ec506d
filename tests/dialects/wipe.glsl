// Author: the Phosphene authors
// License: Apache-2.0
// Wipes from the top.

uniform float softness; // = 0.1 [0, 0.5] width of the edge
uniform vec3 edgeColor /* = vec3(1.0, 0.5, 0.0) */;
uniform float glow; // if 0.0, the edge has no light
uniform vec2 direction; // = vec2(0.0, 1.0)
uniform ivec2 tiles; // = ivec2(1)
uniform bool plain; // = true
uniform int steps; // = 4
uniform sampler2D luma;

vec4 transition(vec2 uv) {
    float height = dot(1.0 - uv, normalize(direction)) / float(tiles.x);
    float width = max(softness, 0.0001);
    float shown = 1.0 - smoothstep(progress * (1.0 + width) - width, progress * (1.0 + width), height);
    if (progress <= 0.0) shown = 0.0;
    if (progress >= 1.0) shown = 1.0;
    vec4 c = mix(getFromColor(uv), getToColor(uv), shown);
    if (!plain) c.rgb += edgeColor * glow * ratio * texture2D(luma, uv).r * float(steps);
    return c;
}
