"""Whether a tracking server takes runs, asked before anything is sent to it.

MLflow itself asks a dead server for four minutes, one that hangs for eighteen, and one
that answers every call with an error for four minutes a call.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import requests
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

# Seconds to wait for any answer at all, and for the answer to a question.
ANSWER_SECONDS, QUESTION_SECONDS = 2.0, 10.0
# Seconds to leave a server alone that gave no answer, or the wrong one.
AWAY_SECONDS = 30.0
# Every server answers it, whatever its user may see.
QUESTION = "/api/2.0/mlflow/experiments/search"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
BAD_REQUEST = 400
REMEDIES = {
    UNAUTHORIZED: "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
    "MLFLOW_TRACKING_TOKEN",
    FORBIDDEN: "ask for permission to write there",
    NOT_FOUND: "set MLFLOW_TRACKING_URI to the address of an MLflow server",
}


class Away(NamedTuple):
    """A server that is left alone for a while."""

    since: float
    problem: str


_away: dict[str, Away] = {}


def problem_with(tracking_uri: str) -> str:
    """Say why a tracking server does not take runs, or an empty string if it does.

    A server that does not answer in time, refuses the user, or fails is left alone for
    half a minute: it is not asked again.
    """
    if not tracking_uri.startswith("http"):
        return ""
    away = _away.get(tracking_uri)
    if away is not None and time.monotonic() - away.since < AWAY_SECONDS:
        return away.problem
    try:
        requests.get(f"{tracking_uri}/health", timeout=ANSWER_SECONDS)
    except requests.exceptions.SSLError:
        pass  # something answered; MLflow knows which certificates to trust
    except requests.Timeout:
        return leave_alone(tracking_uri, f"no answer from {tracking_uri}")
    except requests.RequestException:
        return f"no answer from {tracking_uri}"
    problem = _problem_of_answer(tracking_uri)
    if problem:
        return leave_alone(tracking_uri, problem)
    _away.pop(tracking_uri, None)
    return ""


def leave_alone(tracking_uri: str, problem: str) -> str:
    """Ask a server nothing for a while; returns the problem."""
    _away[tracking_uri] = Away(time.monotonic(), problem)
    return problem


def ask_again() -> None:
    """Forget which servers are left alone."""
    _away.clear()


def is_final(error: Exception) -> bool:
    """Whether waiting does not mend an error: the same call would fail again."""
    return isinstance(error, MlflowException) and error.get_http_status_code() in (
        BAD_REQUEST,
        UNAUTHORIZED,
        FORBIDDEN,
        NOT_FOUND,
    )


def _problem_of_answer(tracking_uri: str) -> str:
    """What is wrong with the answer to a question that every server can answer."""
    try:
        answer = http_request(
            get_default_host_creds(tracking_uri),
            QUESTION,
            "POST",
            max_retries=0,
            timeout=QUESTION_SECONDS,
            raise_on_status=False,
            json={"max_results": 1},
        )
        if not answer.ok:
            remedy = REMEDIES.get(answer.status_code)
            return f"{tracking_uri} answers {answer.status_code}" + (
                f": {remedy}" if remedy else ""
            )
        is_answer = isinstance(answer.json(), dict)
    except ValueError:  # a page to log in, or half an answer
        is_answer = False
    except Exception as error:  # whatever a certificate or a proxy does
        return f"no answer from {tracking_uri}: {error}"
    if not is_answer:
        return f"{tracking_uri} is not an MLflow server: {REMEDIES[NOT_FOUND]}"
    return ""
