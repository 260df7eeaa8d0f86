"""How a provider is reached over HTTP: connections, keys, streams."""
