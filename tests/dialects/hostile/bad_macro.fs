/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ]
}*/
#define TWICE(x (x) * 2.0
void main() {
  gl_FragColor = vec4(TWICE(0.4));
}
