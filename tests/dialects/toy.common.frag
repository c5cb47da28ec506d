float added(float before) { return before + 20.0; }
