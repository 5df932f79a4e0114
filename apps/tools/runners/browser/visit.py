"""What an action works with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.tools.runners.browser.downloads import Downloads
from apps.tools.runners.browser.session import Session

if TYPE_CHECKING:
    from playwright.async_api import Page

Action = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One call's page. `uploads` are the contents that its actions may give to the page, by
    artifact id; `downloads` is where the browser saves what the page gives."""

    page: "Page"
    session: Session
    uploads: Mapping[str, bytes]
    downloads: Downloads
