"""What is shown, as data: layers, parameters that follow signals, playlists, TOML; effects and scenes by their names.

It imports the rooms up to glsl, and owns no thread. Only the thread that draws changes a scene.
"""
