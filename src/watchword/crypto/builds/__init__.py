"""Builds of Argon2: who computes, and how the fastest that is sound here is chosen."""
