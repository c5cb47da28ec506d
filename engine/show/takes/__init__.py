"""Recorded sessions: what the show saw and was told, so that it can be drawn again, frame by frame."""
