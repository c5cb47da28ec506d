"""What changes a running show from outside: today keys and programs, by one queue for parameters.

Every change of a parameter is put into the queue by any thread, checked by the parameter's own declaration, and applied
between two frames by the thread that draws. The room imports the rooms up to sinks, and owns no thread.
"""
