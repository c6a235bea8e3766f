"""What the API server's answers mean."""

import asyncio

import pytest
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException

from dbmigrations.controller.client import Cluster, as_error
from dbmigrations.controller.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    GoneError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("status", "reason", "meaning"),
    [
        (404, "NotFound", NotFoundError),
        (409, "Conflict", ConflictError),
        (409, "", ConflictError),
        (409, "AlreadyExists", AlreadyExistsError),
        (410, "Expired", GoneError),
        (400, "BadRequest", RefusedError),
        (401, "Unauthorized", RefusedError),
        (403, "Forbidden", RefusedError),
        (415, "UnsupportedMediaType", RefusedError),
        (422, "Invalid", RefusedError),
        (429, "TooManyRequests", ThrottledError),
        (500, "InternalError", UnavailableError),
        (503, "ServiceUnavailable", UnavailableError),
        (504, "Timeout", UnavailableError),
    ],
)
def test_each_answer_has_one_meaning(status: int, reason: str, meaning: type[ClusterError]) -> None:
    error = as_error("PATCH /apis/x", status, {"reason": reason, "message": "because"})

    assert type(error) is meaning
    assert str(error) == f"PATCH /apis/x: {status} {reason}: because"


def test_a_refusal_carries_the_servers_reason() -> None:
    error = as_error("POST /x", 403, {"reason": "Forbidden", "message": "exceeded quota"})

    assert isinstance(error, RefusedError)
    assert error.reason == "Forbidden"


def test_a_webhook_of_admission_that_does_not_answer_refuses_what_it_should_have_judged() -> None:
    said = 'Internal error occurred: failed calling webhook "jobs.policy.example": connection refused'
    error = as_error("POST /x", 500, {"reason": "InternalError", "message": said})

    assert isinstance(error, RefusedError)
    assert error.answer == said


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", 1.0), ("soon", 1.0)])
def test_a_throttled_call_says_when_to_come_back(header: str, seconds: float) -> None:
    error = as_error("GET /x", 429, {}, header)

    assert isinstance(error, ThrottledError)
    assert error.retry_after == seconds


def test_a_token_that_cannot_be_renewed_just_now_is_an_api_server_that_is_not_reached() -> None:
    def renew(_configuration: Configuration) -> None:
        raise ConfigException("Token file exists but empty.")

    async def story() -> None:
        configuration = Configuration(host="http://127.0.0.1:1", api_key={"BearerToken": "expired"})
        configuration.refresh_api_key_hook = renew  # type: ignore[assignment]  # typed by its default
        async with Cluster(configuration) as cluster:
            await cluster.get("/api")

    with pytest.raises(UnavailableError, match="empty"):
        asyncio.run(story())
