"""Chat histories that people already have, read into the same events that channels make."""
