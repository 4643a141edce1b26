"""The platforms: the only modules that know an SDK."""
