"""The formats that providers speak: requests as bytes, answers as pieces, and no I/O."""
