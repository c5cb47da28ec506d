"""What an effect is made of: the class, passes, sprites, meshes, shapes, the face's surface, models from files.

It imports the rooms up to audio, and owns no thread: the thread that draws calls an effect.
"""
