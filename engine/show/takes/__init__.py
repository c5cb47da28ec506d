"""Recorded sessions: what the show saw and what changed in it, so that it can be drawn again, frame by frame."""
