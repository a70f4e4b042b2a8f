"""Custom actions for what a curated response cannot do; one action a file, named after it."""

from hair_answers.operations import logs

logs.install()
