"""One file or folder a command: HELP, add_arguments(parser), run(options) -> exit code.

They import any room, nobody imports them, and what only one command needs lies beside it. The soak, the preview of
teaching and each worker of `measure` own a thread.
"""
