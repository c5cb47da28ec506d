"""One run: capture, track, pair, observe, draw, hand out; with the governor, the guards, reloading and takes.

It imports every room below. It owns the threads of a show: capture, one a tracker, one a sink, the watchdog, the
recorder.
"""
