"""Whether a line ends inside a string, by its quotes alone."""


def ends_in_string(line: bytes, quotes: bytes) -> bool:
    """Whether a string that began in this line is still open at its end."""
    quote = 0
    escaped = False
    for byte in line:
        if escaped:
            escaped = False
        elif byte == 0x5C:
            escaped = True
        elif quote:
            quote = 0 if byte == quote else quote
        elif byte in quotes:
            quote = byte
    return bool(quote)
