"""Says what came of a finding: on record, in Security Hub, to its owner, and as an event."""

import json
import os
import re

from cases import OPEN, enter, instant, put
from documents import Member
from ledger import Ledger
from remediation import CONTROLS
from suite import RESUMES, client, emit, fault, serves
from templates import compact, time

EXECUTION = re.compile(r"(rem-[0-9a-f]{24})-([0-9]+)-[^-]*")
CLASSES = {
    "Throttled": "throttled",
    "NotReady": "not-ready",
    "Invalid": "invalid",
    "Conflict": "conflict",
    "Denied": "denied",
}
METRICS = {"FIXED": "Fixed", "FAILED": "Failed", "HELD": "Held", "WAITING": "Waiting", "UNDONE": "Undone"}
EVENTS = {*METRICS, "SUPPRESSED", "TICKET"}
NEEDS_PEOPLE = {"WAITING", "HELD", "TICKET", "FAILED"}
GONE = {"FindingNotFound", "ResourceNotFoundException", "ResourceNotFound"}
LONGEST_NOTE = 512

ledger = Ledger()
sts = client("sts")
hub = client("securityhub")
events = client("events")
sns = client("sns")
hub_account = os.environ.get("SECURITY_HUB_ACCOUNT")


@serves
def handler(event):
    id, action, attempt, failure = read(event)
    case = ledger.case(id)
    if case is None:
        raise unknown()
    of = case.value
    if action == "warn":
        return {"state": warn(of)}
    if action == "settle":
        return {"state": settle(case, {"APPLYING": "FIXED", "UNDOING": "UNDONE"}.get(of["state"], of["state"]))}
    # A newer attempt is none of an old execution's business.
    if attempt not in (None, of["attempt"]):
        return {"state": of["state"]}
    return {"state": settle(case, "FAILED", failure) if of["state"] in OPEN else settle(case, of["state"])}


def unknown():
    advice = "Send only events of the remediation state machine here."
    return fault("Invalid.UnknownCase", "the event names no case of this suite", advice)


# --- Reading ---------------------------------------------------------------------------------------------------------


def read(event):
    """The case, what to do, and for a failure its attempt and what went wrong."""
    if "detail" not in event:
        error = event.get("error") or {}
        failure = failure_of(error.get("Error") or "Unknown", error.get("Cause"))
        return event["caseId"], event["action"], None, failure
    detail = event["detail"]
    match = EXECUTION.fullmatch(detail["name"])
    if not match:
        raise unknown()
    status = detail["status"]
    if detail.get("error"):
        failure = failure_of(detail["error"], detail.get("cause"))
    else:
        name = f"Retryable.Execution{status.title().replace('_', '')}"
        failure = failure_of(name, f"The workflow ended with {status}.")
    return match[1], "fail", int(match[2]), failure


def failure_of(name, cause):
    try:
        message = json.loads(cause or "")["errorMessage"]
    except (ValueError, KeyError, TypeError):
        message = cause or "no cause given"
    reason, _, advice = message.partition("\n")
    kind = CLASSES.get(name.split(".")[0], "retryable")
    return {"class": kind, "name": name, "reason": reason, "advice": advice or RESUMES}


# --- Settling --------------------------------------------------------------------------------------------------------


def warn(case):
    if case["state"] == "WARNED":
        update(case)
        publish("Remediation Warned", case)
        write(case)
    return case["state"]


def settle(case, state, failure=None):
    """Tells first and records last: what is told twice is better than what is never told."""
    of = case.value
    ledger.unlock(of)
    if "settledAt" in of and time(of["settledAt"]) >= time(of["updatedAt"]):
        return of["state"]
    changed, now = of["state"] != state, instant()
    put(of, failure=failure, updatedAt=now)
    if changed:
        enter(of, state)
    took = (time(now) - time(of["remediation"]["failedAt"])).total_seconds()
    if changed and state == "FIXED":
        put(of, fixes=of["fixes"] + 1, secondsToFix=of["secondsToFix"] + max(0, int(took)))
    put(of, updatedAt=now, settledAt=now)
    if of["remediation"]["mode"] != "plan":
        update(of)
    publish(event_of(of), of)
    if state in NEEDS_PEOPLE and of["remediation"]["mode"] != "plan":
        write(of)
    if changed and state in ("FIXED", "FAILED"):
        ledger.count(of["remediation"]["control"], of["remediation"]["accountId"], state == "FIXED")
    if not ledger.store_case(case):
        reason = "another execution changed the case at the same moment"
        raise fault("Retryable", reason, "Nothing; it is tried again.")
    measure(of, took)
    return state


def row_of(case):
    return CONTROLS.get(case["remediation"]["control"], {})


def measure(case, took):
    metrics = [(f"Remediations{METRICS.get(case['state'], 'Left')}", "Count", 1)]
    if case["state"] == "FIXED":
        metrics.append(("TimeToFix", "Seconds", took))
    properties = {"case_id": case["id"], "control": case["remediation"]["control"]}
    emit(metrics, {"family": row_of(case).get("family", "none")}, properties)


# --- Security Hub ----------------------------------------------------------------------------------------------------


def update(case):
    """Updates every finding of a case. One that Security Hub has forgotten needs nothing."""
    role = f"{os.environ['MEMBER_ROLE_PREFIX']}-findings"
    session = "ai-landing-zone-settle-finding"
    of = hub
    if hub_account:
        of = Member(sts, hub_account, role, session, os.environ["AWS_REGION"]).client("securityhub")
    keys = {"asff": [], "ocsf": []}
    for finding in case["findings"]:
        fields = {name[0].upper() + name[1:]: value for name, value in finding.items() if name != "format"}
        keys[finding["format"]].append(fields)
    workflow, status = status_of(case)
    note = note_of(case)
    if keys["asff"]:
        told = {"Text": note, "UpdatedBy": "ai-landing-zone"}
        check(of.batch_update_findings(FindingIdentifiers=keys["asff"], Workflow={"Status": workflow}, Note=told))
    if keys["ocsf"]:
        check(of.batch_update_findings_v2(FindingIdentifiers=keys["ocsf"], StatusId=status, Comment=note))


def check(answer):
    codes = [one.get("ErrorCode") for one in answer.get("UnprocessedFindings", [])]
    for code in codes:
        if code and code not in GONE:
            reason = f"Security Hub did not change a finding: {code}"
            raise fault("Retryable", reason, "Nothing; it is tried again.")


def status_of(case):
    """`RESOLVED` is for what was read back and found as it should be, and for nothing else."""
    if case["state"] == "FIXED" and "undoneBy" not in case:
        return "RESOLVED", 4
    return ("SUPPRESSED", 3) if case["state"] == "SUPPRESSED" else ("NOTIFIED", 2)


def note_of(case):
    reason, undone = case.get("reason"), "undoneBy" in case
    said = {
        "FIXED": f"Still mended: {reason or 'not taken back'}." if undone else f"Read back: {reason or 'mended'}.",
        "SUPPRESSED": f"Does not apply: {reason or 'by the catalog'}.",
        "WAITING": f"Waits for approval of plan {case.get('plan', '')}. {reason or ''}",
        "WARNED": f"Will be mended at {case.get('warnedUntil', '')}, unless its owner does it before.",
        "HELD": f"Held: {reason or ''}.",
        "TICKET": f"For people: {reason or 'the mode asks for it'}",
        "FAILED": f"Not mended: {case.get('failure', {}).get('reason', '')}",
        "UNDONE": f"Taken back as {case.get('undoneBy', 'somebody')} asked.",
    }
    note = f"AI Landing Zone, case {case['id']}. {said.get(case['state'], 'Being worked on.')}"
    return note[:LONGEST_NOTE]


# --- Events and letters ----------------------------------------------------------------------------------------------


def event_of(case):
    """What only plans asks nobody for anything, unless it cannot even read."""
    if case["remediation"]["mode"] == "plan" and case["state"] != "FAILED":
        return "Remediation Planned"
    if case["state"] == "FIXED" and "undoneBy" in case:
        return "Remediation Undo Refused"
    return f"Remediation {case['state'].title() if case['state'] in EVENTS else 'Planned'}"


def publish(detail_type, case):
    told, of_case = case["remediation"], ("attempt", "state", "severity", "owner", "plan", "failure", "source")
    detail = {name: case.get(name) for name in of_case}
    detail |= {name: told[name] for name in ("control", "resource", "accountId", "region", "mode")}
    detail |= {"caseId": case["id"], "title": title(case), "reason": case.get("reason") or "none"}
    detail["until"] = case.get("warnedUntil")
    entry = {
        "EventBusName": os.environ["EVENT_BUS"],
        "Source": "ai-landing-zone.remediation",
        "DetailType": detail_type,
        "Detail": compact(detail),
    }
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"] > 0:
        reason = f"EventBridge did not take the event: {answer['Entries'][0].get('ErrorCode')}"
        raise fault("Retryable", reason, "Nothing; it is tried again.")


def title(case):
    return row_of(case).get("title", case["remediation"]["control"])


def source_of(source):
    """A type with its properties, or a resource with its arguments."""
    kind = source.get("type", source.get("resource"))
    wanted = source.get("properties", source.get("arguments"))
    return f"Its source needs, in {kind or ''}: {compact(wanted)}"


def write(case):
    """Writes to the owner of a case, if anybody is known."""
    if "owner" not in case:
        return
    told = case["remediation"]
    lines = [
        title(case),
        f"Resource {told['resource']}",
        f"Account {told['accountId']}, Region {told['region']}",
        note_of(case),
        case.get("failure", {}).get("advice"),
        source_of(case["source"]) if "source" in case else None,
        f"GET /v1/remediations/{case['id']} shows the plan, call by call.",
    ]
    sns.publish(
        TopicArn=os.environ["REPORT_TOPIC_ARN"],
        Subject=f"{told['control']} in account {told['accountId']}: {case['state']}",
        Message="\n".join(line for line in lines if line),
        MessageAttributes={"owner": {"DataType": "String", "StringValue": case["owner"]}},
    )
