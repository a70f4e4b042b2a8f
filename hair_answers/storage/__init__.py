"""Where conversations are kept: redacted, bounded, erasable, through databases and brokers that come and go."""
