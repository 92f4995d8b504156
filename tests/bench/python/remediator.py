"""Works on a case in its account: plans, applies step by step and reads back, takes back."""

import os
import time as clock

from botocore.exceptions import ClientError

from cases import enter, instant, put
from documents import Member
from ledger import Ledger, Versioned
from remediation import CONTROLS, EXEMPTION_TAG, MODES, ORDER, REPORT, assess, breaker, code_owner, decide, differences
from remediation import is_exempt, is_fixed, parts_of, plan_digest, session_policy, table
from suite import class_of, client, fault, serves
from templates import NOTHING, Undescribed, all_hold, fill, time

BUDGET = 60
REMOVING = ("Delete", "Revoke", "Detach", "Remove", "Terminate", "Disassociate", "Stop")
SETTLE = {"next": "settle"}

ledger = Ledger()
sts = client("sts")


def remediator(family):
    """The handler of the function that mends the controls of a family."""

    @serves
    def handler(event):
        case = ledger.case(event["caseId"])
        if case is None:
            advice = "Use an id that GET /v1/remediations shows."
            raise fault("Invalid.UnknownCase", f"there is no case {event['caseId']}", advice)
        control = case.value["remediation"]["control"]
        if control not in CONTROLS:
            advice = "Deploy the release that recorded the case."
            raise fault("Invalid.UnknownControl", f"the control {control} has no row", advice)
        work = {"plan": plan, "apply": apply, "undo": undo}[event["action"]]
        try:
            return work(family, CONTROLS[control], case, event.get("check", 0))
        except Undescribed as why:
            raise fault("Invalid.CatalogMismatch", f"the catalog does not fit what AWS shows: {why}", REPORT) from why

    return handler


def session(family, row, case, parts, writes):
    told = case.value["remediation"]
    policy = session_policy(row, told["resource"], parts, writes)
    role = f"{os.environ['MEMBER_ROLE_PREFIX']}-remediation-{family}"
    return Member(sts, told["accountId"], role, f"ai-landing-zone-{family}", told["region"], policy)


def account(case):
    """What plans may look at of the account."""
    fields = {"environment": case.get("environment"), "type": case.get("accountType"), "owner": case.get("owner")}
    return {"id": case["remediation"]["accountId"], **fields}


def store(case, state, reason=None):
    put(case.value, reason=reason)
    enter(case.value, state)
    if not ledger.store_case(case):
        raise contended()


def keep(case, work):
    if not ledger.store_work(case.value, work):
        raise contended()


def contended():
    return fault("Retryable", "another execution changed the case at the same moment", "Nothing; it is tried again.")


def begun(case):
    work = ledger.work(case.value)
    if work is None:
        raise fault("Conflict.NoPlan", "there is no plan to go on with", "Start the workflow anew; it plans first.")
    return work


def wait(check):
    """Most settings show within seconds; a cluster or an endpoint takes many minutes."""
    return {"next": "wait", "waitSeconds": 5 if check < 6 else 30}


# --- The calls -------------------------------------------------------------------------------------------------------


def describe(member, row, parts, of_account):
    """A resource as AWS shows it; None when it is gone."""
    documents = {"account": of_account, "clock": parts.get("now", "")}
    for name, read in row["describe"].items():
        if not all_hold(read.get("if", []), documents):
            continue
        value = fill(read.get("value", read.get("with", {})), parts, documents)
        if "call" in read:
            try:
                value = member.send(read["call"], value)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in read.get("absent", []):
                    return None
                if code not in read.get("nothing", []):
                    raise
                value = {}
        if value is not NOTHING:
            documents[name] = value
    return {"parts": parts, "documents": documents}


def look_again(member, row, before):
    return describe(member, row, before["parts"], before["documents"].get("account"))


def advance(member, row, before, steps, progress):
    """Goes on by at most one call: "done", "waits" or "moved"."""
    if progress["done"] == len(steps):
        return "done"
    step = steps[progress["done"]]
    if not progress["sent"]:
        parameters = fill(step["with"], before["parts"], before["documents"] | progress["made"])
        try:
            answer = member.send(step["call"], parameters)
        except ClientError as error:
            # A step whose answer was lost is sent again. Whether it had its effect, the last look decides.
            if "creates" in step or not says_done_already(step["call"], error):
                raise
        else:
            if "creates" in step:
                progress["made"][step["creates"]] = answer
        progress["sent"] = True
        return "moved"
    if step.get("until"):
        scene = look_again(member, row, before)
        if not all_hold(step["until"], scene["documents"] if scene else {}):
            return "waits"
    progress["done"] += 1
    progress["sent"] = False
    return "moved"


def says_done_already(call, error):
    code, text = error.response["Error"]["Code"], str(error).lower()
    if call.partition(":")[2].startswith(REMOVING):
        words = ("does not exist", "not found", "could not find")
        return any(part in code for part in ("NoSuch", "NotFound", "DoesNotExist")) or any(one in text for one in words)
    return "AlreadyExist" in code or "Duplicate" in code or "already exist" in text


def carry_out(member, row, case, work, field, until):
    """Goes on until something is waited for, all is done (True), or the time is over; each call is stored."""
    steps = work.value["plan"]["steps" if field == "progress" else "undo"]
    while clock.monotonic() < until:
        progress = work.value[field]
        came_to = advance(member, row, work.value["before"], steps, progress)
        if came_to != "moved":
            return came_to == "done"
        if progress["sent"]:
            keep(case, work)
    return False


# --- Planning --------------------------------------------------------------------------------------------------------


def plan(family, row, case, _):
    of = case.value
    if of["state"] not in ("RECEIVED", "WARNED"):
        # Delivered again: it goes on where it is.
        return {"next": "apply"} if of["state"] == "APPLYING" else SETTLE
    if not row.get("steps"):
        return end(case, "TICKET", row.get("reason"))
    parts = parts_of(row, of["remediation"])
    member = session(family, row, case, parts, writes=False)
    tags = tags_of(member, of["remediation"]["resource"])
    if "owner" in tags:
        of["owner"] = tags["owner"]
    try:
        if is_exempt(row, [tags[EXEMPTION_TAG]] if EXEMPTION_TAG in tags else []):
            return end(case, "HELD", "it is exempt")
    except ValueError as why:
        of["remediation"]["hold"] = f"an exemption cannot be read: {why}"
    if hold := of["remediation"].get("hold"):
        return end(case, "HELD", hold)
    scene = describe(member, row, parts, account(of))
    if scene is None:
        return end(case, "FIXED", "it is gone")
    need, found = assess(row, scene)
    if need == "fix":
        return go_on(row, case, scene, found, tags)
    return end(case, "FIXED", "it is as it should be") if need == "fixed" else end(case, "SUPPRESSED", found)


def tags_of(member, resource):
    """The tags that a resource carries now; none for what the Tagging API does not know."""
    if not resource.startswith("arn:"):
        return {}
    try:
        answer = member.client("resourcegroupstaggingapi").get_resources(ResourceARNList=[resource])
    except ClientError as error:
        if class_of(error) != "Invalid":
            raise
        return {}
    found = answer["ResourceTagMappingList"]
    return {tag["Key"]: tag["Value"] for tag in found[0]["Tags"]} if found else {}


def go_on(row, case, scene, found, tags):
    of = case.value
    if of["returning"]:
        put(of, returning=False, regressions=of["regressions"] + 1)
    owner = None if MODES.get("changeWhatCodeOwns") else code_owner(tags)
    source = table("sources").get(row["control"], {}).get(owner[1]) if owner else None
    put(of, source=source, plan=plan_digest(found, scene))
    resting = breaker(ledger.tally(), row["control"], of["remediation"]["accountId"])
    decision, why = decide(of, found, owner, resting)
    work = ledger.work(of) or Versioned({})
    work.value = fresh(scene, found)
    keep(case, work)
    if decision == "apply":
        store(case, of["state"])
        return {"next": "apply"}
    if decision == "warn":
        put(of, warnedUntil=why)
        store(case, "WARNED")
        return {"next": "warn", "until": why}
    mode = of["remediation"]["mode"]
    if decision == "wait":
        why = "its guard does not hold" if mode == "guarded" else row["breaks"]
    states = {"plan": "TICKET" if mode == "ticket" else "PLANNED", "hold": "HELD", "wait": "WAITING"}
    return end(case, states[decision], why)


def fresh(scene, found, replanned=False):
    return {"before": scene, "plan": found, "replanned": replanned}


def end(case, state, reason):
    """The attempt ends here. Where the mode lets nothing be done, what would be done is all that is said."""
    only_plans = case.value["remediation"]["mode"] == "plan" and state in ("SUPPRESSED", "TICKET")
    put(case.value, returning=False)
    store(case, "PLANNED" if only_plans else state, reason)
    return SETTLE


# --- Applying --------------------------------------------------------------------------------------------------------


def apply(family, row, case, check):
    if case.value["state"] not in ("RECEIVED", "WARNED", "APPLYING"):
        return SETTLE
    until = clock.monotonic() + BUDGET
    if not ledger.lock(case.value):
        return wait(check)
    work = begun(case)
    member = session(family, row, case, work.value["before"]["parts"], writes=True)
    if "progress" not in work.value:
        if ending := last_look(member, row, case, work):
            # Another plan than the one that was approved waits for an approval of its own.
            put(case.value, plan=plan_digest(work.value["plan"], work.value["before"]))
            store(case, *ending)
            return SETTLE
        # The before-image is stored before anything is changed.
        work.value["progress"] = {"done": 0, "sent": False, "made": {}}
        keep(case, work)
    if case.value["state"] != "APPLYING":
        store(case, "APPLYING")
    if not carry_out(member, row, case, work, "progress", until):
        return wait(check)
    scene = look_again(member, row, work.value["before"])
    if scene and not is_fixed(row, scene):
        return wait(check)
    put(work.value, after=scene)
    keep(case, work)
    return SETTLE


def last_look(member, row, case, work):
    """The state and reason that end it, if any. Where what was planned for has changed, it is planned again, once."""
    scene = describe(member, row, parts_of(row, case.value["remediation"]), account(case.value))
    if scene is None:
        return "FIXED", "it is gone"
    moved = differences(row, work.value["before"], scene)
    if not moved:
        return None
    need, found = assess(row, scene)
    if need != "fix":
        return ("FIXED", "somebody mended it meanwhile") if need == "fixed" else ("SUPPRESSED", found)
    if work.value["replanned"]:
        return "HELD", f"it keeps changing: {'; '.join(moved)}"
    asks = ORDER.index(case.value["remediation"]["mode"]) >= ORDER.index("approval") or not found["safe"]
    is_other = plan_digest(found, scene) != plan_digest(work.value["plan"], work.value["before"])
    work.value = fresh(scene, found, replanned=True)
    keep(case, work)
    return ("WAITING", f"it changed after its plan was approved: {'; '.join(moved)}") if asks and is_other else None


# --- Taking back -----------------------------------------------------------------------------------------------------


def undo(family, row, case, check):
    of, until = case.value, clock.monotonic() + BUDGET
    ends = of.get("approval", {}).get("until")
    if of["state"] == "FIXED" and ends and "undoneBy" not in of:
        # Clocks differ: the wait of the workflow may end a little early.
        if time(instant()) < time(ends):
            return wait(check)
        put(of, undoneBy="the approval, which has ended")
        store(case, "UNDOING")
    if of["state"] != "UNDOING":
        return SETTLE
    if not ledger.lock(of):
        return wait(check)
    work = begun(case)
    before = work.value["before"]
    member = session(family, row, case, before["parts"], writes=True)
    if "undo" not in work.value:
        found = look_again(member, row, before)
        left = work.value.get("after")
        if moved := (differences(row, left, found) if found else ["it is gone"]) if left else []:
            store(case, "FIXED", f"not taken back, for it has changed since: {'; '.join(moved)}")
            return SETTLE
        made = work.value.get("progress", {}).get("made", {})
        work.value["undo"] = {"done": 0, "sent": False, "made": dict(made)}
        keep(case, work)
    if not carry_out(member, row, case, work, "undo", until):
        return wait(check)
    found = look_again(member, row, before)
    left_over = differences(row, before, found) if found else ["it was made anew, with another id"]
    if left_over and row["reversibility"] == "full":
        return wait(check)
    put(work.value, leftOver=left_over or None)
    keep(case, work)
    return SETTLE
