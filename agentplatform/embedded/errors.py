"""What stops the embedded stack, told to a person."""


class StackError(Exception):
    """One sentence that says what is wrong and what to do about it."""
