"""Read SQS_QUEUE_URLS."""

import json

from agentplatform.queues import QUEUES


def parse_queue_urls(given: str) -> dict[str, str]:
    """`name=url` by comma, or a JSON object of the same; empty for none.

    Raises ValueError that says what is missing or unknown: one address for each of queues.py.
    """
    given = given.strip()
    if not given:
        return {}
    urls = _from_json(given) if given.startswith("{") else _from_pairs(given)
    known = {queue.name for queue in QUEUES}
    if missing := sorted(known - set(urls)):
        raise ValueError(f"no address is given for {', '.join(missing)}")
    if unknown := sorted(set(urls) - known):
        raise ValueError(f"there is no queue {', '.join(unknown)}; there are {', '.join(known)}")
    return urls


def _from_json(given: str) -> dict[str, str]:
    try:
        urls = json.loads(given)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    return {str(name): _address(str(url)) for name, url in urls.items()}


def _from_pairs(given: str) -> dict[str, str]:
    urls = {}
    for pair in filter(None, (part.strip() for part in given.split(","))):
        name, _, url = pair.partition("=")
        urls[name.strip()] = _address(url.strip())
    return urls


def _address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"write name=https://..., not {url!r}")
    return url
