/*{
  "ISFVSN": "2",
  "INPUTS": [
    
  ]
}*/
void draw() { }
