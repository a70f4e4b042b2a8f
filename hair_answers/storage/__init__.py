"""Where conversations are kept: redacted, bounded, erasable, whatever database or broker comes and goes."""
