"""A server comes up in a safe state, or says why it does not and what to do."""
