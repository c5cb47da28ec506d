"""The author's GLSL becomes the driver's text, and the driver's errors become the author's lines; dialects/ reads
others' shaders.

It imports the rooms up to trackers, never OpenGL, and owns no thread.
"""
