"""The command line: it reads arguments, asks the app, and prints."""

from watchword.cli.program import main

__all__ = ["main"]
