"""One run: capture, track, pair, observe, draw, hand out; with the governor, the guards, reloading and takes.

It imports every room below. It owns the threads of a show: capture, one or two a tracker, one a sink, the watchdog,
the recorder of takes, the trial of new effects, and the one that draws for a Python program.
"""
