"""Scores the matte ladder and the landmarks against truth: pictures, clips and points of which it is known."""
