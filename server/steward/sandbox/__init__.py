"""Running code we do not trust, in a place that can do almost nothing."""
