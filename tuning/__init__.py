"""Makes the safety gate's encoder; nothing here runs with the bot."""
