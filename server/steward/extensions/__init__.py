"""Code other people wrote: what it declares, what it was granted, when it is called."""
