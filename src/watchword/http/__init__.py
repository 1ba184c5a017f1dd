"""HTTP: what all surfaces share, and no dialect by name."""
