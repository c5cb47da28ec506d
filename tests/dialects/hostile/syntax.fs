/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ]
}*/
void main() {
  float x = 1.0
  gl_FragColor = vec4(x);
}
