"""The words for a database that refuses a process, as opposed to one that does not answer."""

import asyncpg
import pytest

from shared.database_reach import why_refused


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            asyncpg.InvalidPasswordError('password authentication failed for user "orders"'),
            'refuses the login (password authentication failed for user "orders"): correct ORDERS_DATABASE_URL',
        ),
        (asyncpg.InvalidAuthorizationSpecificationError("no pg_hba.conf entry"), "(pg_hba.conf)"),
        (asyncpg.InvalidCatalogNameError('database "x" does not exist'), "correct ORDERS_DATABASE_URL, or create it"),
        (asyncpg.InsufficientPrivilegeError('permission denied for database "x"'), "grant it"),
    ],
)
def test_a_refusal_names_a_remedy(error: asyncpg.PostgresError, said: str) -> None:
    assert said in (why_refused(error, "orders") or "")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), TimeoutError(), asyncpg.CannotConnectNowError("the system is starting up")]
)
def test_a_server_that_does_not_answer_is_no_refusal(error: Exception) -> None:
    assert why_refused(error, "orders") is None
