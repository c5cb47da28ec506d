#iChannel0 "self"
#iChannel1 "bufB"
void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    float before = texelFetch(iChannel0, ivec2(fragCoord), 0).r;
    fragColor = vec4(added(before), texelFetch(iChannel1, ivec2(fragCoord), 0).g, 0.0, 1.0);
}
