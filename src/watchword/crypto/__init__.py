"""Crypto: password hashing, signing keys, and the encryption of keys at rest."""
