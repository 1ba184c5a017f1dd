"""What is true about accounts. Imports the standard library and nothing else of this package."""
