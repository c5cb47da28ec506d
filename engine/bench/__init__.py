"""Measures the engine beside what a user would write instead. Used by `phosphene bench` alone, never by a show."""
