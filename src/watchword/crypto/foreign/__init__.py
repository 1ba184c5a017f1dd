"""Password hashes that other products made: how each is spelled, limited and verified."""
