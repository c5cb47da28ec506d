#iChannel1 "webcam"
void mainImage(out vec4 f, in vec2 p) { f = texture(iChannel1, p); }
