"""What was revoked, for services elsewhere that trust our tokens."""
