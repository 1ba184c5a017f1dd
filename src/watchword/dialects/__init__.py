"""Dialects: one folder for each API that clients already speak; none imports another."""
