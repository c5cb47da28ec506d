"""From the raw person mask to the cut-out's alpha: one person of several, filtered in time, fitted to edges, clean
plate.

It imports core, sources and models, and owns no thread: the thread that draws makes the matte.
"""
