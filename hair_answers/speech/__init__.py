"""The speaking step: curated answers and the bot's own voice, with their provenance."""
