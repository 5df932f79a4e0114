"""A local provider that speaks OpenAI's and Anthropic's wire formats, for tests and benchmarks.

What it does is chosen by the model's name (see behaviour.py), what it billed is logged (bills.py).
"""

from tests.provider.process import Provider, running_provider

__all__ = ["Provider", "running_provider"]
