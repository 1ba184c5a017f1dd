"""Who holds which asset, and for which client."""
