// Gaussian weights for nine taps, one pixel apart times `spread`; a fetch between two texels halves the fetches
// (the linear sampling trick of Rákos 2010).
const float GAUSS_AT[3] = float[3](0.0, 1.3846153846, 3.2307692308);
const float GAUSS_WEIGHT[3] = float[3](0.2270270270, 0.3162162162, 0.0702702703);
