"""`phosphene check`: judges effects as a reviewer would, each in a process that can be stopped."""
