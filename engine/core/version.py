"""The version, here alone: the build reads this file, and asking for it loads nothing."""

__version__ = "0.1.0"
