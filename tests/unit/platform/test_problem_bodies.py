"""Every kind of error has one shape."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions

from agentplatform.api.exceptions import flatten_errors, render_problem
from agentplatform.api.problems import problem
from agentplatform.core.errors import Conflict, InvalidInput

MEMBERS = {"type", "title", "status", "code", "detail", "trace_id"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ParseError(), 400, "malformed"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (exceptions.AuthenticationFailed(), 401, "unauthenticated"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotFound("which one"), 404, "not_found"),
        (Http404("No Run matches"), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (Conflict("Already there."), 409, "conflict"),
        (RequestDataTooBig(), 413, "too_large"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.ValidationError("no"), 422, "invalid"),
        (InvalidInput("no"), 422, "invalid"),
        (exceptions.Throttled(wait=3), 429, "too_many_requests"),
    ],
)
def test_an_error_becomes_a_problem_with_its_status_and_code(error, status, code):
    response = render_problem(error, {})
    assert (response.status_code, response.data["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    assert set(response.data) >= MEMBERS
    assert response.data["detail"]


def test_an_unknown_error_is_left_to_the_server_error_page():
    assert render_problem(RuntimeError("secret"), {}) is None


def test_a_missing_and_a_foreign_row_look_the_same():
    bodies = [render_problem(error, {}).data for error in (Http404("a"), exceptions.NotFound("b"))]
    assert bodies[0] == bodies[1]


def test_a_throttled_client_learns_when_to_come_back():
    assert render_problem(exceptions.Throttled(wait=2.2), {})["Retry-After"] == "3"


def test_errors_are_named_by_the_path_of_their_field():
    detail = {"steps": [{}, {"name": ["Too long.", "Not a name."]}], "non_field_errors": ["No."]}
    assert flatten_errors(detail) == {"steps.1.name": ["Too long.", "Not a name."], "": ["No."]}


def test_a_status_alone_says_something_useful():
    assert problem(status=410)["detail"]
