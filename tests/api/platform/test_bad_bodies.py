"""Bodies that are no JSON object, at every endpoint: a 400 or 415, nothing done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.platform.endpoint import Endpoint
from tests.api.platform.endpoints import ENDPOINTS
from tests.client import Api, error_of, fields_of, json_of

pytestmark = pytest.mark.django_db
every = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
# A method of payment is changed elsewhere, whatever fields are given: that answer is what helps.
FIELDS = [endpoint for endpoint in ENDPOINTS if endpoint.path != "/stripe/payment-method"]
with_fields = pytest.mark.parametrize("endpoint", FIELDS, ids=str)

MALFORMED = {
    "cut off": b'{"name": "Ac',
    "one bracket": b"{",
    "text": b"hello",
    "two values": b"{} {}",
    "single quotes": b"{'name': 'Acme'}",
    "a comment": b'{"name": "Acme" /* so */}',
    "a comma at the end": b'{"name": "Acme",}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "a raw surrogate": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "Acme"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "Acme"}',
    "a raw NUL": b'{"name": "A\x00me"}',
    "a raw line break": b'{"name": "A\nme"}',
    "NUL outside": b"{}\x00",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": Infinity}',
    "-Infinity": b'{"name": -Infinity}',
    "1e400": b'{"name": 1e400}',
    "-1e-400": b'{"name": -1e-400}',
    "an exponent of 20 digits": b'{"name": 1e99999999999999999999}',
    "0e99999999999999999999": b'{"name": 0e99999999999999999999}',
    "61 digits": b'{"name": ' + b"9" * 61 + b"}",
    "61 decimals": b'{"name": 0.' + b"3" * 61 + b"}",
    "a million digits": b'{"name": ' + b"9" * 1_000_000 + b"}",
    "a leading zero": b'{"name": 01}',
    "a plus": b'{"name": +1}',
    "an underscore": b'{"name": 1_000}',
    "hex": b'{"name": 0x10}',
    "other scripts' digits": '{"name": ١٢}'.encode(),
    "1,000 deep": b'{"name": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "1,000 objects deep": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "100,000 open": b"[" * 100_000,
    "a field twice": b'{"name": "A", "name": "B"}',
    "null": b"null",
    "a number": b"7",
    "a string": b'"name"',
    "a list": b"[]",
    "a list of an object": b'[{"name": "Acme"}]',
}


@every
def test_a_body_that_is_no_json_object_is_refused(refused: Any, endpoint: Endpoint) -> None:
    outcomes = {name: error_of(refused(endpoint, raw=raw)) for name, raw in MALFORMED.items()}

    assert outcomes == dict.fromkeys(MALFORMED, (400, "MALFORMED_BODY"))


@every
def test_what_does_not_say_json_is_refused(refused: Any, endpoint: Endpoint) -> None:
    kinds = (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/jsonp",
        "json",
        "",
    )

    outcomes = {kind: error_of(refused(endpoint, raw=b"{}", content_type=kind)) for kind in kinds}

    assert outcomes == dict.fromkeys(kinds, (415, "UNSUPPORTED_MEDIA_TYPE"))


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"'],
)
def test_what_says_json_in_any_spelling_is_read(admin: Api, content_type: str) -> None:
    response = admin.send("POST", "/tenants", {"name": "Acme"}, content_type=content_type)

    assert json_of(response, 201)["name"] == "Acme"


@every
def test_an_empty_body_is_an_object_without_fields(sent: Any, endpoint: Endpoint) -> None:
    empty = sent(endpoint, raw=b"")
    blank = sent(endpoint, raw=b"  \n")
    braces = sent(endpoint, raw=b"{}")

    statuses = {response.status_code for response in (empty, blank, braces)}
    assert statuses <= {200, 201, 400, 404, 501, 503}
    assert len(statuses) == 1


@with_fields
def test_an_unknown_field_is_named(refused: Any, endpoint: Endpoint) -> None:
    response = refused(endpoint, body={**endpoint.body, "nmae": "Acme", "ÄÖ\n": 1})

    assert fields_of(response) == ["nmae", "ÄÖ\n"]
    assert "\n" not in response["x-error"]


@with_fields
def test_a_thousand_unknown_fields_make_a_short_answer(refused: Any, endpoint: Endpoint) -> None:
    response = refused(endpoint, body={f"{n}" * 500: n for n in range(1000)})

    assert len(fields_of(response)) == 50
    assert len(response.content) < 40_000
    assert len(response["x-error"]) <= 500


@every
@pytest.mark.parametrize("bad", ["\\u0000", "a\\ud800b", "\\udfff", "\\udc00\\ud800"])
def test_nul_and_lone_surrogates_are_refused_wherever_they_are(
    refused: Any, endpoint: Endpoint, bad: str
) -> None:
    body = json.dumps(endpoint.body)[1:-1]
    comma = ", " if body else ""

    as_value = refused(endpoint, raw=f'{{{body}{comma}"x": {{"y": ["{bad}"]}}}}'.encode())
    as_name = refused(endpoint, raw=f'{{{body}{comma}"{bad}": 1}}'.encode())

    assert fields_of(as_value) == ["x.y[0]"]
    assert len(fields_of(as_name)) == 1


def test_an_escaped_pair_of_surrogates_is_one_character(admin: Api) -> None:
    made = admin.send("POST", "/tenants", raw=b'{"name": "\\ud83d\\ude00"}')

    assert json_of(made, 201)["name"] == "😀"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 40 + b'"' + b'\\"' * 2_000_000,
        b"[" * 40 + b'"' + b"\\\\" * 2_000_000 + b"\\",
        b"[" * 40 + b'"\\' * 2_000_000,
    ],
    ids=["escaped quotes", "a backslash at the end", "open strings"],
)
def test_strings_that_never_end_take_no_time(admin: Api, raw: bytes) -> None:
    assert error_of(admin.send("POST", "/plans", raw=raw)) == (400, "MALFORMED_BODY")
