"""Account creation: it takes time, runs at most five at once, and can fail for the reasons AWS documents."""

import json
import threading
import time
from dataclasses import dataclass, field

from moto.iam.models import iam_backends
from moto.organizations import utils
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import FakeAccount, OrganizationsBackend

from . import clock

# "typically less than a minute"; the quota on concurrent creations; how long a fresh role refuses to be assumed.
_SECONDS = 60
_MAX_IN_PROGRESS = 5
_ROLE_DELAY_SECONDS = 60

_lock = threading.RLock()


@dataclass
class Outcome:
    """How the next `times` creations end whose name or e-mail contains `match`: with a `failure` reason of
    CreateAccountStatus after the usual time, or at once with an `error` code (and `reason`)."""

    match: str = ""
    failure: str | None = None
    error: str | None = None
    reason: str | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if (self.failure is None) == (self.error is None):
            raise ValueError("an outcome has either a failure or an error")


OUTCOMES: list[Outcome] = []


@dataclass
class Creation:
    """One request of CreateAccount."""

    request: dict
    failure: str | None
    id: str = field(default_factory=utils.make_random_create_account_status_id)
    state: str = "IN_PROGRESS"
    requested_at: float = field(default_factory=time.time)
    completed_at: float | None = None
    due: float = field(default_factory=lambda: clock.now() + _SECONDS)
    account: FakeAccount | None = None

    def status(self) -> dict:
        """As DescribeCreateAccountStatus shows it."""
        shown = {"Id": self.id, "AccountName": self.request["AccountName"], "State": self.state,
                 "RequestedTimestamp": self.requested_at}
        if self.completed_at is not None:
            shown["CompletedTimestamp"] = self.completed_at
        if self.account is not None:
            shown["AccountId"] = self.account.id
        if self.state == "FAILED":
            shown["FailureReason"] = self.failure
        return shown


_creations: list[Creation] = []
_max_seen = 0


def _planned(request: dict) -> Outcome | None:
    for outcome in OUTCOMES:
        if outcome.times > 0 and any(outcome.match in request[name] for name in ("AccountName", "Email")):
            outcome.times -= 1
            return outcome
    return None


def begin(backend: OrganizationsBackend, request: dict) -> Creation:
    """CreateAccount. moto creates the account at once."""
    global _max_seen
    with _lock:
        settle(backend)
        outcome = _planned(request)
        if outcome and outcome.error:
            error = OrganizationsClientError(outcome.error, f"{outcome.error}, as a test asked for.")
            error.Reason = outcome.reason
            raise error
        in_progress = [item for item in _creations if item.state == "IN_PROGRESS"]
        if len(in_progress) >= _MAX_IN_PROGRESS:
            raise OrganizationsClientError(
                "TooManyRequestsException",
                f"You have {_MAX_IN_PROGRESS} account creations in progress, the most allowed. Try again later.",
            )
        failure = outcome.failure if outcome else None
        if failure is None and any(_same_email(item.request, request) for item in in_progress):
            failure = "CONCURRENT_ACCOUNT_MODIFICATION"
        started = Creation(request, failure)
        _creations.append(started)
        _max_seen = max(_max_seen, len(in_progress) + 1)
        # Not left to the next question: moto takes a tenth of a second for an account's IAM, and the asker would wait.
        timer = threading.Timer(_SECONDS / clock.SCALE, settle, (backend,))
        timer.daemon = True
        timer.start()
        return started


def _same_email(one: dict, other: dict) -> bool:
    return one["Email"].lower() == other["Email"].lower()


def settle(backend: OrganizationsBackend) -> None:
    """Completes the creations whose time has come."""
    with _lock:
        for item in _creations:
            if item.state == "IN_PROGRESS" and item.due <= clock.now():
                _complete(backend, item)


def _complete(backend: OrganizationsBackend, item: Creation) -> None:
    taken = {account.email.lower() for account in backend.accounts}
    if item.failure is None and item.request["Email"].lower() in taken:
        item.failure = "EMAIL_ALREADY_EXISTS"
    if item.failure is None:
        before = len(backend.accounts)
        backend.create_account(**item.request)
        item.account = backend.accounts[before]
        item.account.create_account_status_id = item.id
        _grant_administrator(item)
    item.completed_at = item.requested_at + _SECONDS / clock.SCALE
    item.state = "FAILED" if item.failure else "SUCCEEDED"


def _grant_administrator(item: Creation) -> None:
    """The role that AWS makes in a new account has AdministratorAccess; moto's has no policy."""
    role = item.request.get("RoleName", "OrganizationAccountAccessRole")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam_backends[item.account.id]["aws"].put_role_policy(role, "AdministratorAccess", json.dumps(everything))


def find(backend: OrganizationsBackend, identifier: str | None) -> Creation:
    settle(backend)
    for item in _creations:
        if item.id == identifier:
            return item
    raise OrganizationsClientError("CreateAccountStatusNotFoundException",
                           "You specified a create account status that doesn't exist.")


def all_of(backend: OrganizationsBackend) -> list[Creation]:
    settle(backend)
    return list(_creations)


def role_is_ready(account_id: str) -> bool:
    """Whether the roles of an account can be assumed: some time after its creation has succeeded."""
    made = next((item for item in _creations if item.account and item.account.id == account_id), None)
    return made is None or clock.now() >= made.due + _ROLE_DELAY_SECONDS


def overview(backend: OrganizationsBackend) -> dict:
    """What a test cannot see through AWS's own API: the most creations that were ever in progress at once."""
    items = all_of(backend)
    return {
        "inProgress": sum(item.state == "IN_PROGRESS" for item in items),
        "maxInProgress": _max_seen,
        "creations": [{**item.status(), "Email": item.request["Email"]} for item in items],
    }
