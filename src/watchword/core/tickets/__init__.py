"""What a mailed link or code allows, once."""
