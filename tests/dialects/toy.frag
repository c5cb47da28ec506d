// Every variable of the dialect, as bars from the left; the buffers and the picture below.
uniform float amount; // = 0.4 [0, 1] a parameter of its own
#iChannel1 "bufA"
#iChannel2 "file://quarters.png"

void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    vec2 uv = fragCoord / iResolution.xy;
    vec3 c = vec3(0.0);
    int bar = int(uv.x * 8.0);
    if (bar == 0) c = vec3(iTime / 10.0);
    if (bar == 1) c = vec3(iTimeDelta, iFrameRate / 255.0, 0.0);
    if (bar == 2) c = vec3(float(iFrame) / 255.0);
    if (bar == 3) c = vec3(iMouse.xy / iResolution.xy, iMouse.z > 0.0 ? 1.0 : 0.0);
    if (bar == 4) c = vec3((iDate.x - 2000.0) / 10.0, iDate.w / 10.0, 0.0);
    if (bar == 5) c = texture(iChannel1, uv).rgb / 255.0;
    if (bar == 6) c = vec3(iChannelResolution[0].xy / 255.0, amount);
    if (bar == 7) c = texture(iChannel2, uv).rgb;
    if (uv.y < 0.5) c = texture(iChannel0, uv).rgb;
    fragColor = vec4(c, 0.0);
}
