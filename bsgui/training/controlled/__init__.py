"""Does gradient descent do it? The branched generator at small size, trained in every way but one."""
