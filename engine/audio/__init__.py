"""Sound for any moment: a file or a microphone on the frames' clock, and its analysis.

It imports the rooms up to matte. It owns no thread; a microphone's samples arrive in one of the audio library.
"""
