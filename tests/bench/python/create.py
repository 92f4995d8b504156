"""Has AWS make the account of a request, exactly once."""

import json
import os
import uuid
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone import ROOT, tag_list
from ledger import Ledger, now, request_item
from suite import CONFIG, CREATE_ONCE, back_off, class_of, client, code, fault, listed, serves

SKEW = timedelta(minutes=5)
FIRST_POLL_SECONDS = 15
LONGEST_POLL_SECONDS = 60
FAILURES = json.loads((ROOT / "functions/accounts/create/data/creation-failures.json").read_text())
MAY_BE_OURS = ("EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION")

ledger = Ledger()
organizations = client("organizations")
create_once = client("organizations", config=CONFIG.merge(CREATE_ONCE))
member_access_role = os.environ["MEMBER_ACCESS_ROLE"]
settle_time = timedelta(seconds=int(os.environ["CREATION_SETTLE_SECONDS"]))


@serves
def handler(event):
    record = ledger.begin(event["requestId"], "create")
    poll_later = back_off(event.get("check", 0), FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS)
    creation = record.get("creation")
    if "accountId" in record:
        return done(record, record["accountId"])
    if creation is None:
        return call(record)
    earlier_attempt = creation["attempt"] < record["attempt"]
    if "failed" in creation:
        if earlier_attempt:
            return call(record)
        raise creation_failed(creation["failed"])
    if "statusId" in creation:
        return poll(record, creation["statusId"], poll_later)
    found = find(record)
    if found is not None:
        return found
    if datetime.now(UTC) - claimed_at(record) < settle_time:
        return poll_later
    if earlier_attempt:
        return call(record)
    ledger.release_slot(record["requestId"])
    raise fault("Retryable.CreationUnconfirmed", "AWS did not confirm the creation, and nothing came of it")


def poll(record, status_id, later):
    try:
        answer = organizations.describe_create_account_status(CreateAccountRequestId=status_id)
    except organizations.exceptions.CreateAccountStatusNotFoundException:
        return later
    status = answer["CreateAccountStatus"]
    if status["State"] == "SUCCEEDED":
        return done(record, status["AccountId"])
    if status["State"] == "FAILED":
        return failed(record, status.get("FailureReason", "UNKNOWN"))
    return later


def call(record):
    """Claims the right to call CreateAccount in the ledger, then calls."""
    token, time = str(uuid.uuid4()), now()
    values = {":creation": {"token": token, "attempt": record["attempt"], "claimedAt": time}, ":now": time}
    if "creation" in record:
        condition = "creation.#token IN (:mine, :old)"
        values[":old"] = record["creation"]["token"]
    else:
        condition = "attribute_exists(id) AND (attribute_not_exists(creation) OR creation.#token = :mine)"
    item_id = request_item(record["requestId"])
    claim = "SET creation = :creation, updatedAt = :now"
    if ledger.update(item_id, claim, condition, {"#token": "token"}, {**values, ":mine": token}) is None:
        return {"done": False, "waitSeconds": 1}
    try:
        answer = create_once.create_account(
            AccountName=record["request"]["name"],
            Email=record["rootEmail"],
            RoleName=member_access_role,
            IamUserAccessToBilling="ALLOW",
            Tags=tag_list(record),
        )
    except ClientError as error:
        if class_of(error) != "Retryable":
            mine = {":mine": token}
            ledger.update(item_id, "REMOVE creation", "creation.#token = :mine", {"#token": "token"}, mine)
            reason = error.response.get("Reason")
            if code(error) == "ConstraintViolationException" and reason:
                raise creation_failed(reason) from error
            raise
    except BotoCoreError as error:
        print(json.dumps({"level": "WARN", "message": "the answer of CreateAccount is lost", "reason": str(error)}))
    else:
        store_status_id(record, answer["CreateAccountStatus"]["Id"])
    return {"done": False, "waitSeconds": FIRST_POLL_SECONDS}


def find(record):
    """Looks for what came of a call without an answer: a creation in progress, or an account."""
    since = claimed_at(record) - SKEW
    in_progress = {"States": ["IN_PROGRESS"]}
    for status in listed(organizations, "list_create_account_status", "CreateAccountStatuses", **in_progress):
        if status["AccountName"] == record["request"]["name"] and status["RequestedTimestamp"] >= since:
            store_status_id(record, status["Id"])
            return {"done": False, "waitSeconds": FIRST_POLL_SECONDS}
    for account in listed(organizations, "list_accounts", "Accounts"):
        if account["Email"].lower() == record["rootEmail"].lower() and account["JoinedTimestamp"] >= since:
            return done(record, account["Id"])
    return None


def failed(record, reason):
    if reason in MAY_BE_OURS:
        found = find(record)
        if found is not None:
            return found
    ledger.update(
        request_item(record["requestId"]),
        "SET creation.failed = :reason, updatedAt = :now",
        "attribute_exists(creation)",
        values={":reason": reason, ":now": now()},
    )
    ledger.release_slot(record["requestId"])
    raise creation_failed(reason)


def done(record, account_id):
    ledger.update(
        f"account#{account_id}",
        "SET kind = :kind, requestId = :request, #name = :name, email = :email",
        names={"#name": "name"},
        values={
            ":kind": "account",
            ":request": record["requestId"],
            ":name": record["request"]["name"],
            ":email": record["rootEmail"],
        },
    )
    stored = ledger.update(
        request_item(record["requestId"]),
        "SET accountId = :account, updatedAt = :now",
        "attribute_exists(id) AND (attribute_not_exists(accountId) OR accountId = :account)",
        values={":account": account_id, ":now": now()},
    )
    if stored is None:
        raise fault("Retryable", f"another writer changed request {record['requestId']} at the same moment")
    ledger.release_slot(record["requestId"])
    ledger.finish(record["requestId"], "create")
    return {"done": True}


def store_status_id(record, status_id):
    ledger.update(
        request_item(record["requestId"]),
        "SET creation.statusId = :status, updatedAt = :now",
        "attribute_exists(creation)",
        values={":status": status_id, ":now": now()},
    )


def claimed_at(record):
    return datetime.fromisoformat(record["creation"]["claimedAt"])


def creation_failed(reason):
    meaning = FAILURES.get(reason)
    if meaning is None:
        return fault(f"Denied.{reason}", f"AWS made no account: {reason}.")
    return fault(f"{meaning['class'].capitalize()}.{reason}", meaning["reason"], meaning["advice"])
