"""The command line: what is asked for is imported, and one event loop starts."""
