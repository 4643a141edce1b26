"""Built-in features, one a module, on the public hooks only."""
