// Author: nobody
vec4 transition(vec2 uv) {
  return getFromColour(uv);
}
