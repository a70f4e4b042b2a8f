"""Ways in and out: one intake, one renderer a channel."""
