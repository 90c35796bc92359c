"""Requests and answers that were recorded from this system, put into the document."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from django.conf import settings

from billing.http.openapi.headers import OWN_HEADERS

Recorded = dict[str, list[dict[str, Any]]]


def recorded(folder: Path | None = None) -> Recorded:
    """Read what was recorded of each operation, by its id. See `tests/api/story`."""
    files = sorted((folder or Path(settings.API_EXAMPLES)).glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


def bodies_by_code(found: Recorded) -> dict[str, Any]:
    """Return one real body for each error code that was met."""
    bodies: dict[str, Any] = {}
    for exchanges in found.values():
        for exchange in exchanges:
            answer = exchange["response"]
            if answer["status"] >= 400:
                bodies.setdefault(answer["body"]["error"]["code"], answer["body"])
    return bodies


def add(operation: dict[str, Any], path: str, exchanges: list[dict[str, Any]]) -> None:
    """Show an operation's recorded requests and answers in it."""
    for exchange in exchanges:
        request, answer = exchange["request"], exchange["response"]
        response = operation["responses"][str(answer["status"])]
        # A request that we failed was right; one that was refused is no example of how to ask.
        if "body" in request and not 400 <= answer["status"] < 500:
            _show(operation["requestBody"], exchange["name"], request["body"])
        if "body" in answer and "$ref" not in response:
            name = exchange["name"]
            if answer["status"] >= 400:
                name = answer["body"]["error"]["code"]
            _show(response, name, answer["body"])
        for header, described in OWN_HEADERS.items():
            if header in answer.get("headers", {}):
                shown = {**described, "example": answer["headers"][header]}
                response.setdefault("headers", {})[header] = shown
    if exchanges:
        first = exchanges[0]["request"]
        _show_in_path(operation, path, first["path"])
        operation["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": curl(first)}]


def _show(part: dict[str, Any], name: str, value: Any) -> None:
    for media in part.get("content", {}).values():
        media.setdefault("examples", {})[name] = {"value": value}


def _show_in_path(operation: dict[str, Any], template: str, path: str) -> None:
    form = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template))
    found = re.fullmatch(form, path)
    values = found.groupdict() if found else {}
    for parameter in operation.get("parameters", []):
        if parameter.get("in") == "path":
            parameter["example"] = values[parameter["name"]]


def curl(request: dict[str, Any]) -> str:
    """Write a request as a command that works when pasted, with URL and TOKEN set."""
    words = [f'curl "$URL{request["path"]}{_query(request)}"']
    if request["method"] != "GET":
        words[0] = words[0].replace("curl", f"curl -X {request['method']}", 1)
    if request.get("credentials", True):
        words.append('-H "Authorization: Bearer $TOKEN"')
    words += [f"-H {shlex.quote(f'{k}: {v}')}" for k, v in request.get("headers", {}).items()]
    if "body" in request:
        body = json.dumps(request["body"], indent=2, ensure_ascii=False)
        words += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(words)


def _query(request: dict[str, Any]) -> str:
    return f"?{request['query']}" if request.get("query") else ""
