"""The adversarial game: losses, batches, the loop and what watches it."""
