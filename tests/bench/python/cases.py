"""Cases: a problem on record and what was done about it, as the Rust crate `remediation` has them."""

from datetime import UTC, datetime, timedelta

from findings import known_tags
from remediation import bolder, digest
from templates import time

OPEN = {"RECEIVED", "WARNED", "APPLYING", "UNDOING"}
MOST_ENTRIES, MOST_FINDINGS = 60, 20
PAUSE, GOOD = timedelta(hours=24), timedelta(days=7)


def instant():
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def case_id(problem):
    return f"rem-{digest(problem, 12)}"


def execution(case, action):
    """The same for the same attempt."""
    return f"{case['id']}-{case['attempt']}-{action}"


def open_case(told, account, severity):
    environment, account_type = known_tags(account)
    now = instant()
    case = {
        "id": case_id(told["problem"]),
        "attempt": 1,
        "remediation": told,
        "findings": [told["finding"]],
        "environment": environment,
        "accountType": account_type,
        "owner": told.get("owner") or account.get("owner"),
        "severity": severity,
        "openedAt": now,
        "beganAt": now,
        "fixes": 0,
        "secondsToFix": 0,
        "regressions": 0,
        "returning": False,
        "timeline": [],
    }
    return enter({name: value for name, value in case.items() if value is not None}, "RECEIVED")


def enter(case, state):
    now = instant()
    case |= {"state": state, "updatedAt": now}
    case["timeline"] = [*case["timeline"], {"state": state, "at": now}][-MOST_ENTRIES:]
    return case


def put(case, **fields):
    """Sets what is given; None takes it away."""
    for name, value in fields.items():
        if value is None:
            case.pop(name, None)
        else:
            case[name] = value


def admit(case, told):
    """What a report of this very problem means: a word, and the case or the reason."""
    failed_at, settled_at = time(told["failedAt"]), time(case["settledAt"]) if "settledAt" in case else None
    is_new = failed_at > time(case["remediation"]["failedAt"])
    if case["state"] == "RECEIVED" and not is_new:
        return "again", case
    if case["state"] in OPEN:
        why = "being worked on"
    elif told["asked"] and (settled_at is None or time(told["askedAt"]) > settled_at):
        why = None
    elif not is_new or (settled_at and failed_at <= settled_at):
        why = "older than what was done about it"
    else:
        why = left_alone(case, told, settled_at or time(case["updatedAt"]))
    return ("start", again(case, told)) if why is None else note(case, told["finding"], why)


def left_alone(case, told, settled_at):
    """Why a newer report changes nothing."""
    since = datetime.now(UTC) - settled_at
    is_told = {
        "WAITING": told["told"],
        "TICKET": told["told"],
        "HELD": told["told"] and since < PAUSE,
        "FAILED": told["told"] and since < PAUSE,
        "PLANNED": told["mode"] == case["remediation"]["mode"] and since < GOOD,
    }
    return "its owner has been told, or the plan is there" if is_told.get(case["state"]) else None


def note(case, finding, why):
    if finding in case["findings"] or len(case["findings"]) >= MOST_FINDINGS:
        return "ignored", why
    case["findings"].append(finding)
    return "note", case


def again(case, told):
    """The next attempt. What somebody took back is theirs to have done again."""
    if told["finding"] not in case["findings"] and len(case["findings"]) < MOST_FINDINGS:
        case["findings"].append(told["finding"])
    mode = bolder(told["mode"], "approval") if case["state"] == "UNDONE" else told["mode"]
    case |= {
        "returning": case["state"] == "FIXED",
        "attempt": case["attempt"] + 1,
        "remediation": told | {"mode": mode},
        "beganAt": instant(),
    }
    put(case, owner=told.get("owner") or case.get("owner"))
    put(case, reason=None, failure=None, plan=None, approval=None, warnedUntil=None, source=None, undoneBy=None)
    return enter(case, "RECEIVED")
