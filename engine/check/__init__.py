"""`phosphene check`: judges effects as a reviewer would, each in a process that can be stopped.

It imports the rooms up to sinks. It owns two threads, which read what the child process writes.
"""
