"""Decides what becomes of each finding of Security Hub, puts it on record, and starts its workflow."""

import json
import os
import time
from collections import Counter

from botocore.exceptions import BotoCoreError, ClientError

from cases import admit, case_id, execution, open_case
from findings import is_time, read_all, verdicts
from ledger import Ledger, Versioned
from remediation import CONTROLS
from suite import Fault, aws_fault, class_of, client, emit, fault, listed, serves

MOST_TRIES = 4
OUTCOMES = {"started": "RemediationsStarted", "noted": "FindingsNoted", "held": "FindingsHeld"}
OUTCOMES |= {"rejected": "FindingsRejected", "retried": "FindingsRetried"}

ledger = Ledger()
organizations = client("organizations")
states = client("stepfunctions")
queue = client("sqs")
state_machine = os.environ["REMEDIATION_STATE_MACHINE_ARN"]
unread = os.environ["DEAD_LETTER_QUEUE_URL"]
account_tags = {}


@serves
def handler(event):
    messages = [read(record) for record in event["Records"]]
    counts, reasons = Counter(), Counter()
    for _, problem in sorted(problems(messages, counts, reasons).items()):
        try:
            outcome, why = admit_all(problem)
        except (Fault, ClientError, BotoCoreError) as error:
            print(json.dumps({"level": "WARN", "message": "a problem comes back", "reason": str(error)}))
            counts["retried"] += 1
            for message in problem["messages"].values():
                message["fate"] = "again"
        else:
            (reasons if outcome == "ignored" else counts)[why or outcome] += 1
    emit([(name, "Count", counts[outcome]) for outcome, name in OUTCOMES.items()])
    for why, times in reasons.items():
        emit([("FindingsIgnored", "Count", times)], {"reason": why})
    failed = [message["id"] for message in messages if not settled(message)]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


# --- Reading ---------------------------------------------------------------------------------------------------------


def read(record):
    message = {"id": record["messageId"], "body": record["body"], "findings": [], "asked_at": None}
    message |= {"fate": "done", "why": None}
    try:
        document = json.loads(record["body"])
    except ValueError as why:
        return dead(message, f"no JSON: {why}")
    if isinstance(document, dict) and document.get("detail-type") == "Security Hub Findings - Custom Action":
        message["asked_at"] = document["time"] if is_time(document.get("time")) else None
    for found in read_all(document):
        if isinstance(found, str):
            dead(message, found)
        else:
            message["findings"].append(found)
    return message if message["findings"] or message["why"] else dead(message, "no finding")


def dead(message, why):
    message |= {"fate": "dead", "why": why}
    return message


def problems(messages, counts, reasons):
    """What the findings of all messages come to: no two reports of a problem are the same."""
    found = {}
    for message in messages:
        for finding in message["findings"]:
            try:
                account = account_of(finding)
            except (ClientError, BotoCoreError) as error:
                if isinstance(error, ClientError) and class_of(error) == "Invalid":
                    dead(message, f"account {finding['account']} is not in the organization: {aws_fault(error)}")
                else:
                    message["fate"] = "again"
                continue
            for word, why, report in verdicts(finding, account, message["asked_at"]):
                if word != "planned":
                    (reasons if word == "ignored" else counts)[why if word == "ignored" else word] += 1
                if word == "rejected":
                    dead(message, why)
                if report is None:
                    continue
                problem = found.setdefault(report["problem"], {"messages": {}, "reports": []})
                problem["messages"][message["id"]] = message
                problem["account"] = account
                if report not in problem["reports"]:
                    problem["reports"].append(report)
    return found


def account_of(finding):
    """The tags of its account. What is not ours is told without asking anybody."""
    if not finding["own"] or not any(name in CONTROLS for name in finding["controls"]):
        return {}
    account = finding["account"]
    until, tags = account_tags.get(account, (0, None))
    if time.time() >= until:
        pages = listed(organizations, "list_tags_for_resource", "Tags", ResourceId=account)
        tags = {tag["Key"]: tag["Value"] for tag in pages}
        account_tags[account] = (time.time() + 300, tags)
    return tags


# --- Putting on record -----------------------------------------------------------------------------------------------


def admit_all(problem):
    outcome = ("ignored", "being worked on")
    for report in problem["reports"]:
        one = admit_one(problem["account"], report)
        outcome = outcome if outcome[0] == "started" else one
    return outcome


def admit_one(account, report):
    row, id = CONTROLS[report["control"]], case_id(report["problem"])
    for _ in range(MOST_TRIES):
        found = ledger.case(id)
        if found is None:
            word, found = "start", Versioned(open_case(report, account, row["severity"]))
        else:
            word, came_to = admit(found.value, report)
            if word == "ignored":
                return "ignored", came_to
            if word == "again":
                start(found.value, row)
                return "ignored", "being worked on"
            found.value = came_to
        if not ledger.store_case(found):
            continue
        if word == "start":
            start(found.value, row)
        return ("started" if word == "start" else "noted"), None
    raise fault("Retryable", "other writers were faster, again and again")


def start(case, row):
    """Starts the attempt. The same name and input start nothing a second time."""
    work = {"caseId": case["id"], "family": row["family"], "action": "plan"}
    try:
        states.start_execution(stateMachineArn=state_machine, name=execution(case, "plan"), input=json.dumps(work))
    except states.exceptions.ExecutionAlreadyExists:
        pass


def settled(message):
    """True when SQS may delete the message. What can never be used is kept with its reason."""
    if message["fate"] != "dead":
        return message["fate"] == "done"
    told = {"message": "dead letter", "message_id": message["id"], "reason": message["why"]}
    print(json.dumps({"level": "ERROR", **told}))
    texts = {"reason": "".join(c for c in message["why"] if c.isprintable())[:1000], "function": "triage"}
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    try:
        queue.send_message(QueueUrl=unread, MessageBody=message["body"], MessageAttributes=attributes)
    except (ClientError, BotoCoreError):
        return False
    return True
