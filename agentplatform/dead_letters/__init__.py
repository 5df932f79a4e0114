"""What could not be worked on, with its reason: messages, steps and calls that are poison."""
