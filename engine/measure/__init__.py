"""Measures people in files with an effect that measures: one file, many, on one machine or several."""
