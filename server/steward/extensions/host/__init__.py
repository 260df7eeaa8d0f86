"""What Steward answers where an extension asks something of it, behind one gate."""
