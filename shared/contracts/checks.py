"""What an event's attributes and data must be: each check raises Rejected with what is wrong. See `envelope.py`."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.contracts import strict_json
from shared.contracts.catalog import fact_class
from shared.contracts.fact import Fact
from shared.contracts.fields import ENTERING
from shared.contracts.rejected import MOST_FAULTS, Refusal, Rejected, rejected_field, together

_JSON_TYPE = re.compile(r"\s*application/([a-z0-9.+_-]+\+)?json\s*(;.*)?", re.ASCII | re.IGNORECASE)


def json_object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Rejected(Refusal.INVALID_FIELD, "data must be a JSON object", field="data")
    return value


def read_fact(fact_type: type[Fact], body: bytes) -> Fact:
    try:
        context = context_of(fact_type.type)
        return cast(Fact, fact_type.__pydantic_validator__.validate_json(body, strict=True, context=context))
    except ValidationError as error:
        raise together([rejected_field(one) for one in errors_of(error)[:MOST_FAULTS]]) from None


def context_of(event_type: str | None) -> dict[str, bool] | None:
    """What other systems tell is read more strictly than what we told ourselves."""
    return ENTERING if event_type is not None and ".inbound." in event_type else None


def errors_of(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong, without what only follows from it: a list whose entry is refused is not too short besides."""
    found = error.errors(include_url=False, include_input=False)
    return [one for one in found if one["type"] != "too_short" or not any(_is_within(each, one) for each in found)]


def _is_within(error: ErrorDetails, outer: ErrorDetails) -> bool:
    depth = len(outer["loc"])
    return len(error["loc"]) > depth and error["loc"][:depth] == outer["loc"]


def data_of(value: Mapping[str, object]) -> tuple[bytes, object]:
    """The data of a structured event as bytes, and what they say."""
    encoded = value.get("data_base64")
    if encoded is None:
        if "data" not in value:
            raise Rejected(Refusal.MISSING_FIELD, "data is required", field="data")
        return strict_json.written(value["data"]), value["data"]
    if "data" in value:
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "there must be data or data_base64, not both", field="data_base64")
    try:
        body = b64decode(cast(str, encoded), validate=True)
    except (ValueError, TypeError):
        raise Rejected(Refusal.INVALID_FIELD, "data_base64 must be Base64", field="data_base64") from None
    return body, strict_json.parse(body)


def checked_type(attributes: Mapping[str, str], topic: str | None) -> type[Fact]:
    check_version(attributes)
    fact_type = known_type(attributes, topic)
    check_schema(attributes, fact_type)
    check_content_type(attributes)
    return fact_type


def check_version(attributes: Mapping[str, str]) -> None:
    if "specversion" not in attributes:
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "specversion is required", field="specversion")
    if attributes["specversion"] != "1.0":
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "specversion must be 1.0", field="specversion")


def known_type(attributes: Mapping[str, str], topic: str | None) -> type[Fact]:
    if "type" not in attributes:
        raise Rejected(Refusal.MISSING_ATTRIBUTE, "type is required", field="type")
    return fact_class(attributes["type"], topic=topic)


def check_schema(attributes: Mapping[str, str], fact_type: type[Fact]) -> None:
    schema = fact_type.dataschema()
    if attributes.get("dataschema", schema) != schema:
        raise Rejected(Refusal.UNKNOWN_VERSION, f"dataschema must be absent or {schema}", field="dataschema")


def check_content_type(attributes: Mapping[str, str]) -> None:
    content_type = attributes.get("datacontenttype", "application/json")
    if content_type != "application/json" and not _JSON_TYPE.fullmatch(content_type):
        reason = "datacontenttype must be application/json"
        raise Rejected(Refusal.INVALID_ATTRIBUTE, reason, field="datacontenttype")
