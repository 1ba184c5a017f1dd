"""Observability: logs and metrics; it imports nothing of ours."""
