/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ]
}*/
void main() {
  float x = 0.0;
  while (true) {
    x += sin(x + TIME);
    if (x > 1e30) break;
  }
  gl_FragColor = vec4(x);
}
