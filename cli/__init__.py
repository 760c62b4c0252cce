"""The nnkit command line."""
