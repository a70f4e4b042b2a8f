"""Measurements: each one command, each printing what the README and docs quote."""
