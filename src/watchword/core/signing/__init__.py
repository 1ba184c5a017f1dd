"""The keys that sign our tokens, sealed."""
