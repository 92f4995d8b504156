"""Moves the account of a request: to Quarantine, to its organizational unit, and back when vending fails."""

from landing_zone import QUARANTINE, unit_of
from ledger import Ledger, now, request_item
from suite import client, fault, serves

LOOKS = 3

ledger = Ledger()
organizations = client("organizations")


@serves
def handler(event):
    request_id = event["requestId"]
    if event["destination"] == "return":
        return back_to_quarantine(request_id)
    step = "quarantine" if event["destination"] == "quarantine" else "place"
    record = ledger.begin(request_id, step)
    account_id = ledger.account(record)
    if step == "quarantine":
        unit = QUARANTINE
        if "place" in record["steps"]:
            return {"organizationalUnit": unit}
    elif "finishedAt" not in record["steps"].get("verify", {}):
        raise fault("Conflict.NotVerified", f"the account of request {request_id} is not verified")
    else:
        unit = unit_of(record["request"])
    put(account_id, unit)
    ledger.finish(request_id, step, organizationalUnit=unit)
    return {"organizationalUnit": unit}


def back_to_quarantine(request_id):
    record = ledger.record(request_id)
    if "accountId" not in record or record["state"] == "ACTIVE":
        unit = record.get("organizationalUnit")
        return {"organizationalUnit": unit} if unit else {}
    put(record["accountId"], QUARANTINE)
    ledger.update(
        request_item(request_id),
        "SET organizationalUnit = :unit, updatedAt = :now",
        "attribute_exists(id) AND #state <> :active",
        {"#state": "state"},
        {":active": "ACTIVE", ":unit": QUARANTINE, ":now": now()},
    )
    return {"organizationalUnit": QUARANTINE}


def put(account_id, unit):
    units = (ledger.get("organization") or {}).get("units", {})
    if unit not in units:
        raise fault("Invalid.UnknownUnit", f"the id of {unit} is not known", "Run the reconcile function.")
    for look in range(1, LOOKS + 1):
        parents = organizations.list_parents(ChildId=account_id)["Parents"]
        if parents and parents[0]["Id"] == units[unit]:
            return
        if parents and look < LOOKS:
            move(account_id, parents[0]["Id"], units[unit])
    raise fault("Retryable", "the account does not stay where it is put")


def move(account_id, source, destination):
    """Already there, or no longer where it was a moment ago: the next look tells."""
    errors = organizations.exceptions
    try:
        organizations.move_account(AccountId=account_id, SourceParentId=source, DestinationParentId=destination)
    except (errors.DuplicateAccountException, errors.SourceParentNotFoundException, errors.AccountNotFoundException):
        pass
