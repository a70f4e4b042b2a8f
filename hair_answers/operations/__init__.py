"""Starts, trains, watches and looks after the bot: one command a module."""
