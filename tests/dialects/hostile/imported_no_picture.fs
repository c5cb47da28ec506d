/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ],
  "IMPORTED": { "p": { "PATH": "empty.frag" } }
}*/
void main() { gl_FragColor = IMG_THIS_PIXEL(p); }
