"""What the http tool sends."""

import io
import re
import uuid

import pytest

from agentplatform.core.errors import NotFound
from apps.tools.runners.registry import InvalidArguments
from apps.tools.runners.work import ToolFailure

FILE_ID = str(uuid.uuid4())


class Unseekable(io.RawIOBase):
    """A file that can be read once, as from a network."""

    def __init__(self, content):
        self.content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.content.readinto(buffer)


def open_file(artifact_id):
    if str(artifact_id) != FILE_ID:
        raise NotFound("There is none.")
    return io.BufferedReader(Unseekable(b"a,b\n1,2\n"))


def test_json_goes_out_and_comes_back_decoded(call, server):
    ran = call("/echo?q=ä b", method="POST", json={"a": 1})
    seen = ran.value["body"]
    assert (ran.status, ran.value["status"], ran.value["attempts"]) == ("ok", 200, 1)
    assert (seen["method"], seen["body"]) == ("POST", '{"a": 1}')
    assert seen["path"] == "/echo?q=%C3%A4%20b"
    assert seen["headers"]["host"] == f"api.test:{server.server_port}"
    assert seen["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_is_sent(call, server, method):
    assert call("/status?code=200", method=method).value["status"] == 200
    assert [request.command for request in server.seen] == [method]


def test_a_query_is_added_to_the_address(call):
    query = {"q": "a&b ä", "n": 2, "yes": True, "list": ["x", "y"], "none": None}
    path = call("/echo?first=1", query=query).value["body"]["path"]
    assert path == "/echo?first=1&q=a%26b%20%C3%A4&n=2&yes=true&list=x&list=y&none="


def test_a_form_is_sent(call):
    seen = call("/echo", method="POST", form={"a": "1 & 2", "b": ["x", "y"]}).value["body"]
    assert seen["body"] == "a=1+%26+2&b=x&b=y"
    assert seen["headers"]["content-type"] == "application/x-www-form-urlencoded"


def test_text_and_an_artifact_are_sent_as_they_are(call):
    text = call("/echo", method="PUT", body="plain", headers={"Content-Type": "text/x"})
    assert text.value["body"]["body"] == "plain"
    assert text.value["body"]["headers"]["content-type"] == "text/x"
    file = {"artifact": FILE_ID, "content_type": "text/csv"}
    sent = call("/echo", method="PUT", body=file, open_input=open_file).value["body"]
    assert (sent["body"], sent["headers"]["content-type"]) == ("a,b\n1,2\n", "text/csv")
    assert sent["headers"]["content-length"] == "8"


def test_fields_and_files_are_sent_as_multipart(call):
    file = {"artifact": FILE_ID, "filename": 'in "1".csv', "content_type": "text/csv"}
    parts = {"note": "hello", "file": file, "again": ["x", {"artifact": FILE_ID}]}
    seen = call("/echo", method="POST", multipart=parts, open_input=open_file).value["body"]
    kind, boundary = seen["headers"]["content-type"].split("; boundary=")
    assert kind == "multipart/form-data"
    assert re.findall(r'name="([^"]*)"(?:; filename="([^"]*)")?', seen["body"]) == [
        ("note", ""), ("file", "in %221%22.csv"), ("again", ""), ("again", "again"),
    ]  # fmt: skip
    assert seen["body"].count("a,b\n1,2\n") == 2
    assert seen["body"].endswith(f"--{boundary}--\r\n")


def test_a_body_is_whole_again_when_it_is_sent_again(call, server):
    file = {"artifact": FILE_ID}
    ran = call("/flaky?code=503&times=1", method="PUT", body=file, open_input=open_file)
    assert (ran.value["status"], ran.value["attempts"]) == (200, 2)
    assert [request.sent for request in server.seen] == [b"a,b\n1,2\n"] * 2


def test_a_server_that_answers_before_it_has_read_all_is_heard(call):
    ran = call("/status?code=413", method="PUT", body="x" * 900_000)
    assert ran.value["status"] == 413


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"headers": {"Host": "evil"}}, "arguments.headers: leave out host"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "arguments.headers: leave out transfer"),
        ({"headers": {"X": "a\r\nY: b"}}, "arguments.headers: the value of x"),
        ({"headers": {"X": "ж"}}, "arguments.headers: the value of x"),
        ({"headers": {"bad name": "x"}}, "arguments.headers: 'bad name'"),
        ({"json": 1, "body": "x"}, "arguments: give json or body"),
        ({"form": {}, "multipart": {}}, "arguments: give form or multipart"),
        ({"body": {"artifact": "no id"}}, "arguments.body.artifact: there is no artifact 'no id'"),
        ({"body": {"artifact": str(uuid.uuid4())}}, "arguments.body.artifact: there is no"),
        (
            {"multipart": {"f": {"artifact": FILE_ID, "content_type": "a/b\r\nX: y"}}},
            "arguments.multipart.f.content_type: write a type",
        ),
        ({"auth": {"secret": "crm"}}, "arguments.auth.secret: There is no secret 'crm'"),
    ],
)
def test_a_wrong_argument_is_named(call, server, arguments, told):
    with pytest.raises(ToolFailure) as refusal:
        call("/echo", method="POST", open_input=open_file, **arguments)
    assert refusal.value.code == "invalid_arguments"
    assert refusal.value.detail.startswith(told)
    assert server.seen == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "TRACE"},
        {"query": {"a": {"b": 1}}},
        {"form": [1]},
        {"multipart": {"f": {"file": "x"}}},
        {"auth": "crm"},
        {"retries": 6},
        {"fail_from_status": 200},
        {"timeout_seconds": 0},
        {"verify": False},
    ],
)
def test_arguments_that_the_schema_does_not_know_are_refused(call, arguments):
    with pytest.raises(InvalidArguments) as refusal:
        call("/echo", **arguments)
    assert next(iter(arguments)) in refusal.value.detail
