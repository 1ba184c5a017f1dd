"""What is true of this installation once and for ever, and how it gets its first admin."""
