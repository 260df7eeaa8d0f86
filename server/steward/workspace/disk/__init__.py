"""Writing approved changes to the disk, all of them or none."""
