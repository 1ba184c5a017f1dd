"""Long-lived keys that machines hold."""
