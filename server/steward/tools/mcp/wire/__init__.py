"""The Model Context Protocol: the only code that knows its SDK, loaded at the first need."""
