"""Schemathesis' requests from the services' own OpenAPI documents get documented answers, and no 5xx but a 503."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.hostile.scale import scaled
from tests.stories import PUBLISHER_KEY, Company

KEYS = {"orders": PUBLISHER_KEY, "support": PUBLISHER_KEY, "escalation": "local-reader-key"}
AS_DOCUMENTED = [content_type_conformance, response_schema_conformance, status_code_conformance]
OUR_FAULTS = ("not_applicable", "internal_error")
examples = settings(
    max_examples=scaled(40),
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("service", KEYS)
def test_every_request_is_answered_as_documented(company: Company, service: str, mode: GenerationMode) -> None:
    url, seen = company.machine.service(service).url, Counter[int]()
    for operation in _operations(url, mode):

        @examples
        @given(case=operation.as_strategy(mode))
        def answers(case: Case[Any]) -> None:
            answer = case.call(base_url=url, headers={"Authorization": f"Bearer {KEYS[service]}"})
            seen[answer.status_code] += 1
            assert answer.status_code < 500 or (answer.status_code == 503 and "retry-after" in answer.headers)
            assert not any(fault in answer.text for fault in OUR_FAULTS)
            case.validate_response(answer, checks=AS_DOCUMENTED)

        answers()
    assert seen[200 if mode.is_positive else 400] > 0


def _operations(url: str, mode: GenerationMode) -> Iterator[Any]:
    """Every operation of the service; operations without invalid inputs only for valid ones."""
    for found in schemathesis.openapi.from_url(f"{url}/openapi.json").get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode.is_positive or list(operation.iter_parameters()) or operation.body:
            yield operation
