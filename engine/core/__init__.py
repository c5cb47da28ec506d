"""The words that everything speaks: frames, results, observations, parameters, errors, and where files lie.

It imports nothing of ours but itself, and owns no thread.
"""
