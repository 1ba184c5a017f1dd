"""A database that fails costs nothing that was acknowledged, and the server recovers by itself."""
