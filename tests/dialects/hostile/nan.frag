void mainImage(out vec4 fragColor, in vec2 fragCoord) {
  fragColor = vec4(fragCoord.x / iResolution.x, (fragCoord.x - fragCoord.x) / (iTime - iTime), 0.0, 1.0);
}
