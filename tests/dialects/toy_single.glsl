/* A single pass without any picture, full of the macros that such files are written with. */
#version 100
#extension GL_OES_standard_derivatives : enable
#define c cos(t)
#define s sin(t)
#define uv (fragCoord / iResolution.xy)
#define a 0.5
#define t iTime
#define m mat2(c, -s, s, c)
precision highp float;
void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    vec2 p = (uv - a) * m;
    float d = length(p) - 0.3;
    fragColor = vec4(smoothstep(fwidth(d), 0.0, d), uv.x, dFdy(fragCoord.y) > 0.0 ? 1.0 : 0.0, 1.0);
}
