"""Commands: what a line would run, who may be asked about it, and how it is run."""
