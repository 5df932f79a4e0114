"""What a browser can be asked to do with a page."""

import uuid
from io import BytesIO

import pytest

from agentplatform.core.errors import NotFound
from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.registry import InvalidArguments, check_arguments
from apps.tools.runners.work import ToolFailure

FORM = """
<form onsubmit="event.preventDefault(); out.textContent = [...new FormData(this)]
    .map(([name, value]) => name + '=' + (value.name ?? value)).join('&')">
  <input name=q><select name=size><option value=s>Small<option value=l>Large</select>
  <input type=file name=file onchange="this.files[0].text().then(t => content.textContent = t)">
</form><p id=out></p><p id=content></p>"""

TABLE = """
<table><tr><th>City<th>People</tr><tr><td>Zürich<td>436,551</tr><tr><td>Bern<td>137,995</tr></table>
<a href="https://a.example/x?y=1">First</a><a href="https://b.example/">Second</a><a>none</a>
<img class=i alt=Chart width=3><img class=i alt=Map>"""

ARTIFACT = uuid.uuid4()


def open_artifact(artifact_id):
    if artifact_id != ARTIFACT:
        raise NotFound(f"There is no artifact {artifact_id}.")
    return BytesIO(b"a,b\n1,2\n")


def test_a_form_is_filled_selected_and_sent_with_a_key(browse):
    ran = browse(
        html=FORM,
        actions=[
            {"action": "fill", "selector": "[name=q]", "text": "typed"},
            {"action": "select", "selector": "select", "values": ["Large"]},
            {"action": "press", "selector": "[name=q]", "key": "Enter"},
            {"action": "extract", "selector": "#out"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value["extracted"][0]["texts"] == ["q=typed&size=l&file="]


def test_an_artifact_is_uploaded(browse):
    ran = browse(
        html=FORM,
        open_input=open_artifact,
        actions=[
            {
                "action": "upload",
                "selector": "[type=file]",
                "files": {"rows.csv": {"artifact_id": str(ARTIFACT)}},
            },
            {"action": "wait_for", "selector": "#content:has-text('1,2')"},
            {"action": "press", "selector": "[name=q]", "key": "Enter"},
            {"action": "extract", "selector": "p"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value["extracted"][0]["texts"] == ["q=&size=s&file=rows.csv", "a,b 1,2"]


def test_an_upload_of_what_is_not_there_is_refused(browse):
    upload = {"action": "upload", "selector": "input", "files": {"x": str(uuid.uuid4())}}
    with pytest.raises(ToolFailure, match=r"^arguments.actions\[0\] \(upload\): x: there is no"):
        browse(html=FORM, open_input=open_artifact, actions=[upload])


def test_tables_links_and_attributes_are_read_in_order(browse):
    ran = browse(
        html=TABLE,
        actions=[
            {"action": "table"},
            {"action": "links"},
            {"action": "attributes", "selector": ".i", "names": ["alt", "width"]},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert ran.value["extracted"] == [
        {
            "action": "table",
            "selector": "table",
            "rows": [["City", "People"], ["Zürich", "436,551"], ["Bern", "137,995"]],
        },
        {
            "action": "links",
            "selector": "a[href]",
            "links": [
                {"text": "First", "url": "https://a.example/x?y=1"},
                {"text": "Second", "url": "https://b.example/"},
            ],
        },
        {
            "action": "attributes",
            "selector": ".i",
            "attributes": [{"alt": "Chart", "width": "3"}, {"alt": "Map"}],
        },
    ]


def test_a_download_becomes_an_artifact(browse):
    ran = browse(
        html="<a download='rows.csv' href='data:text/csv,a,b%0A1,2'>get</a>",
        actions=[
            {"action": "download", "selector": "a"},
            {"action": "download", "selector": "a", "name": "again.csv"},
        ],
    )
    assert ran.status == "ok", ran.detail
    assert [(file.name, file.content.read()) for file in ran.files] == [
        ("rows.csv", b"a,b\n1,2"),
        ("again.csv", b"a,b\n1,2"),
    ]
    assert ran.value["extracted"][0]["size_bytes"] == 7


def test_a_download_over_the_limit_is_refused(browse, make_limits):
    ran = browse(
        html="<a download='x' href='data:text/plain,0123456789'>get</a>",
        limits=make_limits(artifact_bytes=9),
        actions=[{"action": "download", "selector": "a"}],
    )
    assert ran.status == "output_exceeded"
    assert ran.files == ()


def test_what_is_read_is_bounded(browse):
    ran = browse(
        html="<script>for (let i = 0; i < 1200; i++) document.write(`<p>${'x'.repeat(20000)}`)"
        "</script>",
        actions=[{"action": "extract", "selector": "p"}],
    )
    assert ran.status == "output_exceeded"
    assert ran.detail.startswith("arguments.actions[0] (extract): ")


def test_a_part_of_the_page_is_pictured(browse):
    ran = browse(
        html="<body style='margin:0'><div id=a style='width:90px;height:40px'></div>",
        actions=[{"action": "screenshot", "selector": "#a"}],
    )
    (png,) = ran.files
    png.content.seek(16)
    assert int.from_bytes(png.content.read(4), "big") == 90


def test_a_wait_ends_when_it_should(browse):
    ran = browse(
        html="<p>x",
        actions=[{"action": "wait_for", "selector": "#never", "seconds": 0.2}],
    )
    assert ran.status == "error"
    assert "arguments.actions[0] (wait_for): " in ran.detail
    assert 'waiting for locator("#never")' in ran.detail


def test_failed_requests_are_reported(browse):
    ran = browse(html="<img src='http://127.0.0.1:4444/a.png'>")
    assert ran.status == "ok", ran.detail
    assert ran.value["failed_requests"] == [
        "GET http://127.0.0.1:4444/a.png: net::ERR_PROXY_CONNECTION_FAILED"
    ]
    assert "a.png" in ran.stderr


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ({"action": "clik"}, r"actions\[0\].action: 'clik' is none of goto, click"),
        ({"action": "click"}, r"actions\[0\]: 'selector' is a required property"),
        ({"action": "fill", "selector": "a", "text": 3}, r"actions\[0\].text: 3 is not"),
        ({"action": "goto", "url": "file:///etc/passwd"}, r"actions\[0\].url: 'file:"),
        ({}, r"actions\[0\]: 'action' is a required property"),
    ],
)
def test_a_wrong_action_names_its_place(action, complaint):
    with pytest.raises(InvalidArguments, match=f"arguments.{complaint}"):
        check_arguments(BROWSER, {"html": "", "actions": [action]})


def test_a_download_needs_one_way_to_it(browse):
    with pytest.raises(ToolFailure, match="either a selector to click or a url"):
        browse(html="", actions=[{"action": "download"}])
