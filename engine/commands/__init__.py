"""One file or folder a command: HELP, add_arguments(parser), run(options) -> exit code.

They import any room, nobody imports them, and what only one command needs lies beside it. The soak and the preview of
teaching own a thread each.
"""
