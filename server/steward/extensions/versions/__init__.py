"""The versions of the extension API that are served, a folder for each."""
