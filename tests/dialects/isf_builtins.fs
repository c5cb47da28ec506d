/*{ "ISFVSN": "2", "DESCRIPTION": "The variables of the standard, as bars from the left.", "INPUTS": [] }*/
void main() {
    int bar = int(gl_FragCoord.x / RENDERSIZE.x * 8.0);
    vec3 c = vec3(0.0);
    if (bar == 0) c = vec3(TIME / 10.0);
    if (bar == 1) c = vec3(TIMEDELTA);
    if (bar == 2) c = vec3(float(FRAMEINDEX) / 255.0);
    if (bar == 3) c = vec3(RENDERSIZE / 255.0, 0.0);
    if (bar == 4) c = vec3((DATE.x - 2000.0) / 10.0, DATE.y / 255.0, DATE.z / 255.0);
    if (bar == 5) c = vec3(DATE.w / 10.0);
    if (bar == 6) c = vec3(float(PASSINDEX));
    if (bar == 7) c = vec3(isf_FragNormCoord.y, gl_FragCoord.y / RENDERSIZE.y, 0.0);
    gl_FragColor = vec4(c, 1.0);
}
