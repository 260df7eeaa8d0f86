"""One file a protocol feature."""
