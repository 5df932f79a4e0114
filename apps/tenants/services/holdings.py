"""What apps hold of tenants: each registers its own, for tenants does not know them."""

from apps.tenants.contracts import Holdings

_registered: dict[str, Holdings] = {}


def register_holdings(app: str, holdings: Holdings) -> None:
    """To be called once the app is ready."""
    _registered[app] = holdings


def all_holdings() -> list[Holdings]:
    """The holdings of every app. An app that refers to others comes before them: Django readies
    apps from the lowest to the highest."""
    return list(reversed(_registered.values()))
