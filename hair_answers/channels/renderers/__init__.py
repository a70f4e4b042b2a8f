"""One message in, each platform's own form out: the limits of a platform stand in its renderer only."""
