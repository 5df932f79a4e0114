"""Money is an integer of nano-dollars (10^-9 USD); it becomes a decimal string at the border."""

from decimal import Decimal

NANOS_PER_USD = 1_000_000_000


def format_usd(nanos: int | None) -> str | None:
    """Nano-dollars as a decimal string of USD with nine places; an unknown amount stays None."""
    return None if nanos is None else f"{Decimal(nanos) / NANOS_PER_USD:.9f}"


def short_usd(nanos: int) -> str:
    """The same amount for people: at least two places, and no needless zeros after them."""
    whole, _, places = f"{Decimal(nanos) / NANOS_PER_USD:,.9f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def parse_usd(text: str | Decimal) -> int:
    """USD as nano-dollars. Raises ValueError for more than nine decimal places."""
    nanos = Decimal(text) * NANOS_PER_USD
    if nanos != nanos.to_integral_value():
        raise ValueError(f"{text} USD has more than nine decimal places")
    return int(nanos)
