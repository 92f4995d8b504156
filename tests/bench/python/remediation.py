"""The catalog of controls and the plans that come of it, as the Rust crate of the same name has them."""

import hashlib
import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

from documents import each, permissions
from landing_zone import EMAIL, ROOT
from suite import fault
from templates import NOTHING, Undescribed, all_hold, compact, fill, filled, find, looked_at, partly, places, time

DATA = ROOT / "shared/remediation/data"
FILES = {"ai-sagemaker": "ai", "ai-bedrock": "ai", "data": "data", "compute": "compute", "identity": "identity"}
ROWS = [
    row | {"family": family}
    for name, family in FILES.items()
    for row in json.loads((DATA / f"controls/{name}.json").read_text())
]
CONTROLS = {name: row for row in ROWS for name in (row["control"], *row.get("aliases", []))}
MODES = json.loads(os.environ.get("REMEDIATION_MODES") or (DATA / "modes.json").read_text())
SETTINGS = MODES.get("settings", {})
ORDER = ["automatic", "guarded", "approval", "ticket", "plan"]
LONGEST_POLICY = 2048
MOST_FAILURES, MOST_PERCENT, LEAST_CASES, MOST_REGRESSIONS = 5, 25, 20, 3
MARKERS = {"managed-by", "managedby", "managed_by", "provisioner", "iac", "created-with"}
EXEMPTION_TAG = "remediation-exempt"
EXEMPTION = re.compile(r"(.*?) until (.*?) by (.*?) for (.*)", re.DOTALL)
REPORT = "Mend the resource by hand, and report the control with this message."


@cache
def table(name):
    """What only some functions need, read when they do."""
    return json.loads((DATA / f"{name}.json").read_text())


def digest(text, size):
    return hashlib.sha256(text.encode()).hexdigest()[: 2 * size]


def is_account(row):
    return row["resource"].startswith("AWS::::Account:")


# --- Resources -------------------------------------------------------------------------------------------------------


@cache
def pattern(resource):
    """Reads ids of such resources: a part ends where what follows it is found first."""
    pieces = re.split(r"\{(\w+)\}", resource)
    text = re.escape(pieces[0])
    for name, after in zip(pieces[1::2], pieces[2::2], strict=True):
        end = re.escape(after)
        text += f"(?!{end})(?>(?P<{name}>.+?)(?={end})){end}" if after else f"(?P<{name}>.+)"
    return re.compile(text, re.DOTALL)


def resource_parts(row, id):
    """The parts of an id; None for another kind of resource. A bare name is the last part."""
    match = pattern(row["resource"]).fullmatch(id)
    if match:
        return match.groupdict()
    is_bare = id and ":" not in id and "/" not in id
    if is_bare and not is_account(row) and row["resource"].endswith("}"):
        return {row["resource"].rpartition("{")[2][:-1]: id}
    return None


def parts_of(row, told):
    """The parts that the texts of a row may name: of the id, of the place, of the installation, and times."""
    region, now = told["region"], datetime.now(UTC)
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    parts = {
        "account": told["accountId"],
        "region": region,
        "partition": partition,
        "finding": digest(told["problem"], 4),
        "now": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "daysAgo14": f"{now - timedelta(days=14):%Y-%m-%dT%H:%M:%SZ}",
    }
    of_resource = resource_parts(row, told["resource"])
    if of_resource is None:
        advice = "Deploy the release that recorded the case."
        raise fault("Invalid.UnknownControl", f"the control is not about {told['resource']}", advice)
    return parts | reached(SETTINGS, parts) | of_resource


def reached(texts, parts):
    """Texts with their parts; what is not given names nothing."""
    found = {}
    for name, text in texts.items():
        try:
            found[name] = filled(text, parts)
        except Undescribed:
            continue
    return found


# --- Plans -----------------------------------------------------------------------------------------------------------


def is_fixed(row, scene):
    return all_hold(row.get("wanted", []), scene["documents"])


def assess(row, scene):
    """What a resource needs: a word, and the plan or the reason."""
    applies = row.get("applies")
    if applies and not all_hold(applies["when"], scene["documents"]):
        return "does not apply", applies["otherwise"]
    if is_fixed(row, scene):
        return "fixed", None
    made = {change["creates"] for change in row["steps"] + row.get("undo", []) if "creates" in change}
    plan = {
        "steps": steps(row["steps"], scene, made),
        "undo": steps(row.get("undo", []), scene, made),
        "safe": all_hold(row.get("guard", []), scene["documents"]),
    }
    return "fix", plan


def steps(changes, scene, made):
    planned, parts = [], scene["parts"]
    for change in changes:
        items = [None]
        if "each" in change:
            found = fill(change["each"], parts, scene["documents"])
            items = each(None if found is NOTHING else found)
        for item in items:
            documents = scene["documents"] | {"item": item}
            if all_hold(change.get("if", []), documents):
                filled_in = partly(change.get("with", {}), parts, documents, made)
                step = {"call": change["call"], "with": {} if filled_in is NOTHING else filled_in}
                planned.append(step | {name: change[name] for name in ("until", "creates") if change.get(name)})
    return planned


def plan_digest(plan, scene):
    """Differs between any two plans. When a plan is made is not what somebody approves."""
    text = compact(plan)
    for name in ("now", "daysAgo14"):
        text = text.replace(scene["parts"][name], "")
    return digest(text, 8)


def differences(row, left, found):
    """Where a resource is not as it was left, among what the control wants and its undo looks at."""
    at = {place for condition in row.get("wanted", []) for place in looked_at(condition)}
    of_undo = [place for change in row.get("undo", []) for place in places(change.get("with", {}))]
    at.update(place for place in of_undo if not place.startswith("/item/"))
    shown = lambda value: "nothing" if value is NOTHING else compact(value)
    pairs = [(place, find(left["documents"], place), find(found["documents"], place)) for place in sorted(at)]
    return [f"{place}: was {shown(was)}, is {shown(now)}" for place, was, now in pairs if was != now]


# --- Sessions --------------------------------------------------------------------------------------------------------


def actions(calls):
    return {action for call in calls for action in permissions(call)}


def allow(names, resources):
    return {"Effect": "Allow", "Action": sorted(names), "Resource": resources}


def session_policy(row, resource, parts, writes):
    """What a session may do: read for a control, and with `writes` change its resource."""
    reads = actions(read["call"] for read in row.get("describe", {}).values() if "call" in read)
    statements = [allow(reads | {"tag:GetResources"}, ["*"])]
    if writes:
        statements += changes(row, resource, parts)
    policy = compact({"Version": "2012-10-17", "Statement": statements})
    if len(policy) > LONGEST_POLICY:
        raise fault("Invalid.LongPolicy", f"the session policy would have {len(policy)} characters", REPORT)
    return policy


def changes(row, resource, parts):
    names = actions(change["call"] for change in row["steps"] + row.get("undo", []))
    # Some findings name a resource by its bare name: its ARN is what the row says.
    own = resource if resource.startswith("arn:") else reached({"": row["resource"]}, parts).get("", "")
    resources, statements = [own] if own.startswith("arn:") else [], []
    for reach in table("reach").get(row["control"], []):
        if isinstance(reach, str):
            resources += reached({"": reach}, parts).values()
        else:
            names -= set(reach["actions"])
            of_their_own = reached(dict(enumerate(reach["resources"])), parts)
            statements.append(allow(reach["actions"], list(of_their_own.values())))
    return statements + ([allow(names, resources)] if names and resources else [])


# --- Modes and decisions ---------------------------------------------------------------------------------------------


def bolder(one, other):
    return max(one, other, key=ORDER.index)


def rule_of(control, environment, account_type):
    """The first rule that fits."""
    told = {"controls": control, "environments": environment, "accountTypes": account_type}
    fits = lambda rule: all(not rule.get(field) or value in rule[field] for field, value in told.items())
    return next((rule for rule in MODES["rules"] if fits(rule)), None)


def mode_of(row, environment, account_type):
    rule = rule_of(row["control"], environment, account_type) or {"mode": "plan"}
    return bolder(rule["mode"], row["mode"])


def is_exempt(row, texts):
    """True where a text exempts a resource now; one that cannot be read is an error, for it protects all the same."""
    for text in texts:
        match = EXEMPTION.fullmatch(text)
        wrong = None
        if not match or not match[1].split() or not match[4].strip():
            wrong = "no controls, day, owner or reason"
        elif not EMAIL.fullmatch(match[3].strip()):
            wrong = "no e-mail address of an owner"
        try:
            until = date.fromisoformat(match[2].strip()) if match else None
        except ValueError:
            wrong = "no day"
        if wrong:
            raise ValueError(f'{wrong} in "{text}"')
        # The day itself is included, wherever on earth it ends last.
        if row["control"] in match[1].split() and (datetime.now(UTC) - timedelta(hours=12)).date() <= until:
            return True
    return False


def code_owner(tags):
    """What a resource comes from: words for people, and the kind of source."""
    if stack := tags.get("aws:cloudformation:stack-name"):
        return f"it comes from the CloudFormation stack {stack}: change its template", "cloudformation"
    for key, value in sorted(tags.items()):
        name, text = key.lower(), value.lower()
        marked = name in MARKERS and ("terraform" in text or "opentofu" in text)
        if marked or name.startswith("terraform:") or (name == "terraform" and text not in ("false", "no", "0")):
            return f"it comes from Terraform (tag {key}): change its source", "terraform"
    return None


def breaker(counts, control, account):
    """Why a control rests in an account."""
    failed, of_control, of_account = (counts.get(f"{scope}-", 0) for scope in ("all", control, account))
    total = failed + counts.get("all+", 0)
    if of_control >= MOST_FAILURES:
        return f"{of_control} attempts at {control} failed within the hour"
    if of_account >= MOST_FAILURES:
        return f"{of_account} attempts in account {account} failed within the hour"
    if total >= LEAST_CASES and failed * 100 > total * MOST_PERCENT:
        return f"{failed} of {total} attempts failed within the hour"
    return None


def decide(case, plan, owner, resting):
    """What becomes of a plan: a word, and the reason or the time. Who approved exactly this plan is followed."""
    mode = case["remediation"]["mode"]
    if ORDER.index(mode) >= ORDER.index("ticket"):
        return "plan", None
    if case.get("approval", {}).get("plan") == case["plan"]:
        return "apply", None
    if owner or resting:
        return "hold", owner[0] if owner else resting
    if case["regressions"] >= MOST_REGRESSIONS:
        return "hold", f"it came back {case['regressions']} times: something changes it back"
    if mode == "automatic" or (mode == "guarded" and plan["safe"]):
        return act(case)
    return "wait", None


def act(case):
    rule = rule_of(case["remediation"]["control"], case.get("environment"), case.get("accountType")) or {}
    now = datetime.now(UTC)
    if rule.get("noticeHours") is None:
        return "apply", None
    if "warnedUntil" not in case:
        return "warn", (now + timedelta(hours=rule["noticeHours"])).isoformat().replace("+00:00", "Z")
    return ("warn", case["warnedUntil"]) if now < time(case["warnedUntil"]) else ("apply", None)
