"""The command line: arguments become settings, and one event loop starts."""
