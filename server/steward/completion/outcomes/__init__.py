"""What became of each suggestion, in counts that hold nothing of the code."""
