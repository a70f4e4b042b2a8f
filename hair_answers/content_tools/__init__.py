"""Command-line tools for the people who keep the content: new, export, import, due, review sheet."""
