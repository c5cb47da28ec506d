"""Draws: a scene and an observation in, an image out. It owns every object of OpenGL, in the one thread that draws.

It imports the rooms up to scene, and owns no thread.
"""
