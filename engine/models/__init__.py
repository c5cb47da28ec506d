"""Brings model files and runs them: the store, its downloads, LiteRT, MediaPipe, and TensorFlow in a process of its
own.

It imports core and sources, and owns no thread; a runner belongs to the thread of the tracker that opened it.
"""
