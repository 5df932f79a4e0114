"""Actions that read a page. What they find is bounded in the page, so that it need not travel, and
once more here: a page may lie about it."""

from typing import TYPE_CHECKING, Any

from apps.tools.runners.browser.visit import Action, Visit

if TYPE_CHECKING:
    from playwright.async_api import Page

_MOST_ITEMS = 1000
_MOST_CELLS = 100
_LONGEST_TEXT = 10_000

_CUT = "const cut = text => String(text ?? '').slice(0, longest);"
_TEXTS = f"""(all, [most, longest]) => {{ {_CUT}
  return all.slice(0, most).map(one => cut(one.innerText ?? one.textContent)); }}"""
_LINKS = f"""(all, [most, longest]) => {{ {_CUT}
  return all.slice(0, most).map(one => [cut(one.innerText.trim()), cut(one.href)]); }}"""
_ATTRIBUTES = f"""(all, [most, longest, names]) => {{ {_CUT}
  return all.slice(0, most).map(one => (names ?? one.getAttributeNames()).slice(0, 100)
    .filter(name => one.hasAttribute(name)).map(name => [name, cut(one.getAttribute(name))])); }}"""
_ROWS = f"""(table, [most, longest, cells]) => {{ {_CUT}
  const rows = table.rows ?? table.querySelectorAll('tr');
  return Array.from(rows).slice(0, most).map(row => Array.from(row.cells).slice(0, cells)
    .map(cell => cut(cell.innerText.trim()))); }}"""


async def extract(visit: Visit, action: Action) -> None:
    """The text of every element that the selector finds."""
    found = await _read_all(visit.page, action["selector"], _TEXTS)
    visit.session.report(
        "extract", selector=action["selector"], texts=[_text(one) for one in found]
    )


async def links(visit: Visit, action: Action) -> None:
    """Text and address of every link."""
    selector = action.get("selector", "a[href]")
    found = [_list(one) for one in await _read_all(visit.page, selector, _LINKS)]
    visit.session.report(
        "links",
        selector=selector,
        links=[{"text": _text(one[0]), "url": _text(one[1])} for one in found if len(one) == 2],
    )


async def attributes(visit: Visit, action: Action) -> None:
    """The attributes of every element, all of them or the named ones."""
    found = await _read_all(visit.page, action["selector"], _ATTRIBUTES, action.get("names"))
    pairs = [[_list(pair) for pair in _list(one)[:_MOST_CELLS]] for one in found]
    visit.session.report(
        "attributes",
        selector=action["selector"],
        attributes=[
            {_text(pair[0]): _text(pair[1]) for pair in one if len(pair) == 2} for one in pairs
        ],
    )


async def table(visit: Visit, action: Action) -> None:
    """The rows of the first table that the selector finds, each a list of its cells' texts."""
    selector = action.get("selector", "table")
    found = await visit.page.locator(selector).first.evaluate(
        _ROWS, [_MOST_ITEMS, _LONGEST_TEXT, _MOST_CELLS], timeout=visit.session.patience_ms
    )
    rows = [[_text(cell) for cell in _list(row)[:_MOST_CELLS]] for row in _list(found)]
    visit.session.report("table", selector=selector, rows=rows[:_MOST_ITEMS])


async def _read_all(page: "Page", selector: str, script: str, *more: Any) -> list[Any]:
    bounds = [_MOST_ITEMS, _LONGEST_TEXT, *more]
    return _list(await page.locator(selector).evaluate_all(script, bounds))[:_MOST_ITEMS]


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _text(found: Any) -> str:
    return str(found)[:_LONGEST_TEXT]
