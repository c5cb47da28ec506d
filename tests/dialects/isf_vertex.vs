#if __VERSION__ <= 120
varying vec2 left_coord;
#else
out vec2 left_coord;
#endif
void main() {
    isf_vertShaderInit();
    left_coord = clamp(isf_FragNormCoord, 0.0, 1.0) - vec2(shift / RENDERSIZE.x, 0.0); // holds on a quad alone
}
