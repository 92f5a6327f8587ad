"""The content of the reference pages, from an OpenAPI or AsyncAPI document."""

import json
from collections.abc import Mapping
from typing import Any

from shared.http.event_schemas import Schema, example_of, present
from shared.http.schema_rows import schema_rows

_STATUS_WORDS = {
    "200": "OK",
    "400": "Bad Request",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "Not Found",
    "408": "Request Timeout",
    "409": "Conflict",
    "411": "Length Required",
    "413": "Content Too Large",
    "415": "Unsupported Media Type",
    "503": "Service Unavailable",
}
_NO_BODY: tuple[dict[str, Any] | None, ...] = (None,)
_SHELL_QUOTE = "'\\''"


def openapi_view(document: dict[str, Any]) -> dict[str, Any]:
    """Operations in the document's order, and the schemas that more than one place refers to."""
    schemas = document.get("components", {}).get("schemas", {})
    operations = [
        _operation(method, path, operation, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return {"info": document["info"], "operations": operations, "events": _event_schemas(schemas)}


def asyncapi_view(document: dict[str, Any]) -> dict[str, Any]:
    """Topics by the service's use of them, each with its messages."""
    schemas = document["components"]["schemas"]
    messages = document["components"]["messages"]
    channels = [
        {
            "anchor": _anchor(name),
            "action": operation["action"],
            "address": document["channels"][channel]["address"],
            "description": document["channels"][channel]["description"],
            "messages": [
                _message(channel, messages[type], schemas) for type in document["channels"][channel]["messages"]
            ],
        }
        for name, operation in document["operations"].items()
        for channel in [_last(operation["channel"])]
    ]
    return {"info": document["info"], "channels": channels}


def _operation(method: str, path: str, operation: dict[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    bodies = [
        _body(media_type, content, schemas)
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    return {
        "anchor": _anchor(f"{method}-{path}"),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", "").strip().split("\n\n"),
        "parameters": [_parameter(parameter, schemas) for parameter in operation.get("parameters", ())],
        "bodies": bodies,
        "calls": [_call(method, path, operation, body) for body in bodies or _NO_BODY],
        "answers": [_answer(status, response, schemas) for status, response in sorted(operation["responses"].items())],
    }


def _parameter(parameter: dict[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    name = parameter["name"]
    described: Schema = {
        "properties": {name: {**parameter.get("schema", {}), "description": parameter.get("description", "")}}
    }
    row = next(iter(schema_rows(described, schemas)))
    return {
        "name": name,
        "place": parameter["in"],
        "kind": row.kind,
        "note": row.note,
        "required": parameter.get("required", False),
    }


def _body(media_type: str, content: dict[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    if "example" in content:
        example = content["example"]
    elif content.get("examples"):
        example = next(iter(content["examples"].values()))["value"]
    else:
        example = example_of(content.get("schema", {}), schemas)
    return {"media_type": media_type, "example": example}


def _call(method: str, path: str, operation: dict[str, Any], body: dict[str, Any] | None) -> dict[str, str]:
    """A command that makes this request with curl."""
    lines = [f'curl -X {method.upper()} "$HANDOFF{path}"' if method != "get" else f'curl "$HANDOFF{path}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $PUBLISHER_KEY"')
    if body is None:
        return {"title": "curl", "text": " \\\n  ".join(lines)}
    lines.append(f"-H 'Content-Type: {body['media_type']}'")
    if "cloudevents" not in body["media_type"]:
        lines += [
            f"-H '{one['name']}: {one['example']}'" for one in operation.get("parameters", ()) if "example" in one
        ]
    text = json.dumps(body["example"], indent=2, ensure_ascii=False).replace("'", _SHELL_QUOTE)
    return {"title": body["media_type"], "text": " \\\n  ".join([*lines, f"-d '{text}'"])}


def _answer(status: str, response: dict[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    rows = [
        row
        for media_type, content in response.get("content", {}).items()
        if "json" in media_type
        for row in schema_rows(content.get("schema", {}), schemas)
    ]
    return {
        "status": status,
        "words": _STATUS_WORDS.get(status, ""),
        "description": response.get("description", ""),
        "rows": rows if status == "200" else [],
    }


def _event_schemas(schemas: Mapping[str, Schema]) -> list[dict[str, Any]]:
    """The events that can be published here: those schemas that have an envelope."""
    found = []
    for name in schemas:
        data = schemas.get(name.removesuffix(".event"))
        if name.endswith(".event") and data is not None:
            envelope = schemas[name]
            found.append(
                {
                    "anchor": _anchor(envelope["title"]),
                    "type": envelope["title"],
                    "summary": envelope["description"],
                    "subject": envelope["properties"]["subject"]["description"],
                    "rows": list(schema_rows(data, schemas)),
                    "example": example_of(present(data, schemas), schemas),
                }
            )
    return found


def _message(channel: str, message: dict[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {
        "anchor": _anchor(f"{channel}-{message['name']}"),
        "type": message["name"],
        "summary": message["summary"],
        "subject": message["bindings"]["kafka"]["key"]["description"],
        "rows": list(schema_rows(message["payload"], schemas)),
        "headers": message["examples"][0]["headers"],
        "example": message["examples"][0]["payload"],
    }


def _last(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def _anchor(text: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in text).strip("-").lower()
