"""The command line: it reads arguments, asks the app, and prints."""
