"""The understanding step: graph components and what they are made of."""
