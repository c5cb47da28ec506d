// A Gaussian over 2·GAUSS_TAPS+1 taps whose weights add up to 1; the outermost tap lies two standard deviations out.
const int GAUSS_TAPS = 10;
const float GAUSS_REACH = 10.0;
float gauss(int i) { return exp(-0.02 * float(i * i)) / 12.089199; }
