"""Money is an integer of nano-dollars (10^-9 USD); it becomes a decimal string at the border."""

from decimal import Decimal

NANOS_PER_USD = 1_000_000_000


def format_usd(nanos: int | None) -> str | None:
    """Nano-dollars as a decimal string of USD with nine places; an unknown amount stays None."""
    return None if nanos is None else f"{Decimal(nanos) / NANOS_PER_USD:.9f}"


def parse_usd(text: str | Decimal) -> int:
    """USD as nano-dollars. Raises ValueError for more than nine decimal places."""
    nanos = Decimal(text) * NANOS_PER_USD
    if nanos != nanos.to_integral_value():
        raise ValueError(f"{text} USD has more than nine decimal places")
    return int(nanos)
