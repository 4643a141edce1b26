"""What is stored, as files that other programs read."""
