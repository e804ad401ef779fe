"""Background work on plain threads: the latest-wins worker, jobs, and how they answer."""
