"""Watchword: one identity store that answers in the words of several APIs."""

__version__ = "0.1.0"
