"""Where the keys of providers are kept: sealed, each for one host, and open only for one call."""
