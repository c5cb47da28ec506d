void mainImage(out vec4 fragColor, in vec2 fragCoord) {
  float x = 0.0;
  for (int i = 0; ; i++) {
    x += sin(x + iTime);
    if (x > 1e30) break;
  }
  fragColor = vec4(x);
}
