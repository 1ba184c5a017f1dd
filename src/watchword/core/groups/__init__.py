"""Groups, who is in them, and as what."""
