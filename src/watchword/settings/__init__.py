"""Settings: what an operator may choose, read once; knows core values and nothing else."""
