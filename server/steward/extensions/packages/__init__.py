"""The life of a package: made, signed, found, checked, installed, changed and removed."""
