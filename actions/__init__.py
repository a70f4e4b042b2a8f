"""Custom actions for what a curated response cannot do; one action a file, named after it."""
