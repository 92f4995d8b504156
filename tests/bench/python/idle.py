"""Finds what nobody uses in an account and tells its owner. In the account of the bench notebooks and volumes are
judged, and nothing is due to be stopped: that is what is here of the function."""

import json
import os
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from documents import Member
from finops import SOURCE, STAGES, ceiling, exemption, instant, is_ai_account, now, plain, read_policy, written
from prices import read_prices
from spend_ledger import SpendLedger
from suite import aws_fault, class_of, client, code, emit, fault, governed_regions, serves
from templates import Undescribed
from workloads import Unreadable, exempt, running, tag_map

WINDOW, INSTANCE_WINDOW, FRESH, TOLD_FOR = timedelta(days=7), timedelta(days=3), timedelta(days=1), timedelta(days=7)
LOOKED_AT = ("endpoint", "notebook", "app", "gpu-instance", "provisioned-throughput")
LOG_GROUP = "/aws/sagemaker/NotebookInstances"
MODES = ["report", "warn", "stop"]
STANDARD_MODES = {"dev": "warn", "test": "report", "prod": "report"}
GONE = {"ResourceNotFound", "ResourceNotFoundException", "ValidationException"}
LABEL, OVER = "spend-idle", {"notStoppable", "started", "left"}
HOURS_OF_A_MONTH, MOST_NAMED, MOST_VOLUMES = 730, 50, 200

ledger = SpendLedger()
sts = client("sts")
events = client("events")
topics = client("sns")
policy = read_policy()
prices = read_prices()
modes = json.loads(os.environ.get("IDLE_MODES") or "null") or STANDARD_MODES
grace = timedelta(hours=int(os.environ.get("IDLE_GRACE_HOURS") or 72))


@serves
def handler(event):
    if event["action"] == "look":
        return look(event["accountId"])
    found = [seen["account"]["id"] for seen in ledger.contents("spend-observed") if is_ai_account(seen["account"])]
    return {"accounts": [{"accountId": account} for account in sorted(found)]}


def look(account_id):
    time = now()
    observed = ledger.content(f"observed#{account_id}")
    if observed is None:
        advice = "Run the workflow spend-evaluation, which looks into all accounts."
        raise fault("NotReady.NotObserved", f"account {account_id} was not observed yet", advice)
    account, answer = observed["account"], {"accountId": account_id, "found": 0, "warned": 0, "stopped": 0}
    if not is_ai_account(account):
        return answer | {"blind": ["it is no AI account in use"]}
    before = (ledger.content(f"idle#{account_id}") or {}).get("found", [])
    stopped = ledger.contents(f"spend-stopped#{account_id}")
    seen = see(account_id, time)
    report, new, warn = plan(observed, {idle["arn"]: idle for idle in before}, stopped, seen, time)
    announce(account, [idle for idle in report["found"] if idle["arn"] in new])
    store(report, time)
    warned = tell(account, report, warn, time)
    measure(account, report)
    return answer | {"found": len(report["found"]), "warned": warned, "blind": report["blind"]}


def store(report, time):
    ledger.overwrite(f"idle#{report['account']}", "spend-idle", report, time)


# --- What is seen ----------------------------------------------------------------------------------------------------


class Seen:
    def __init__(self):
        self.idle, self.blind, self.running = [], [], set()

    def hide(self, region, why, kind=None, arn=None):
        """Says what could not be told; of all of a Region where nothing else is given."""
        self.blind.append({"region": region, "kind": kind, "arn": arn, "why": why})


def see(account, time):
    seen, regions = Seen(), governed_regions()
    role = f"{os.environ['MEMBER_ROLE_PREFIX']}-spend-observation"
    try:
        member = Member(sts, account, role, "ai-landing-zone-idle", regions[0])
    except ClientError as error:
        if class_of(error) != "Denied":
            raise
        for region in regions:
            seen.hide(region, "the suite has no role in this account")
        return seen
    for region in regions:
        look_into(member.in_region(region), account, seen, time)
    return seen


def look_into(member, account, seen, time):
    """Looks into a Region. Each kind is read by itself: one that cannot be read leaves the others in sight."""
    for kind in LOOKED_AT:
        try:
            of_kind(member, account, kind, seen, time)
        except (ClientError, BotoCoreError, Undescribed, Unreadable) as error:
            seen.hide(member.region, reason(error), kind)
    try:
        volumes(member, account, seen, time)
    except (ClientError, BotoCoreError) as error:
        seen.hide(member.region, reason(error), "volume")


def reason(error):
    return str(aws_fault(error) if isinstance(error, ClientError) else error).partition("\n")[0]


def listed(member, account, kind):
    """What runs. A call about what vanished since it was listed is refused: the next list has it no more."""
    try:
        return running(member, account, kind)
    except ClientError as error:
        if code(error) not in GONE:
            raise
        return running(member, account, kind)


def of_kind(member, account, kind, seen, time):
    found = listed(member, account, kind)
    seen.running |= {workload["arn"] for workload in found}
    window = INSTANCE_WINDOW if kind == "gpu-instance" else WINDOW
    for workload in found:
        if time - workload["since"] < window:
            continue
        last = VERDICTS[kind](member, workload["name"])
        if last is None:
            why = "it has no log of Jupyter, and SageMaker measures nothing else of it"
            seen.hide(member.region, why, kind, workload["arn"])
        elif time - last >= window:
            evidence = (
                f"no browser for {window.days} days: the last line in the log of Jupyter is of {last.date()}; "
                "a computation that goes on by itself would not show"
            )
            own = {name: workload[name] for name in ("kind", "arn", "name", "region", "exempt")}
            owner = workload["tags"].get("owner")
            seen.idle.append(own | {"owner": owner, "evidence": evidence, "since": last, "saving": monthly(workload)})


def last_line(member, notebook):
    """When Jupyter wrote its last line; None where it has no log."""
    log = f"{notebook}/jupyter.log"
    try:
        answer = member.client("logs").describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=log)
    except ClientError as error:
        if code(error) == "ResourceNotFoundException":
            return None
        raise
    stream = next((one for one in answer["logStreams"] if one["logStreamName"] == log), {})
    # The time of the last line is told up to an hour late; that of its arrival is not.
    times = [stream[name] for name in ("lastEventTimestamp", "lastIngestionTime") if name in stream]
    return datetime.fromtimestamp(max(times) / 1000, UTC) if times else None


VERDICTS = {"notebook": last_line}


def monthly(workload):
    """What a month of a workload costs; None where one of its machines has no price, or it has none."""
    prices_of = [
        (prices.hourly(workload["kind"], instance_type, workload["region"]), count)
        for instance_type, count in workload["machines"]
    ]
    if not prices_of or any(hourly is None for hourly, _ in prices_of):
        return None
    return round(sum(hourly * count for hourly, count in prices_of) * HOURS_OF_A_MONTH, 2)


def volumes(member, account, seen, time):
    """The volumes of the Region that are attached to nothing, the largest first."""
    filters = [{"Name": "status", "Values": ["available"]}]
    pages = member.client("ec2").get_paginator("describe_volumes").paginate(
        Filters=filters, PaginationConfig={"PageSize": 500}
    )
    # One that was made a short time ago may be about to be used.
    old = [one for page in pages for one in page["Volumes"] if time - one["CreateTime"] >= WINDOW]
    old.sort(key=lambda volume: -volume["Size"])
    partition = os.environ.get("PARTITION") or "aws"
    for volume in old[:MOST_VOLUMES]:
        tags, volume_id = tag_map(volume.get("Tags")), volume["VolumeId"]
        price = prices.volumes.get(volume["VolumeType"])
        seen.idle.append(
            {
                "kind": "volume",
                "arn": f"arn:{partition}:ec2:{member.region}:{account}:volume/{volume_id}",
                "name": volume_id,
                "region": member.region,
                "exempt": exempt(tags),
                "owner": tags.get("owner"),
                "evidence": f"{volume['Size']} GB of {volume['VolumeType']}, attached to nothing",
                "since": None,
                "saving": None if price is None else round(price * volume["Size"], 2),
            }
        )
    if len(old) > MOST_VOLUMES:
        why = "they are attached to nothing too, and smaller than those that are listed"
        seen.hide(member.region, why, "volume", f"{len(old) - MOST_VOLUMES} more volumes")


# --- What follows ----------------------------------------------------------------------------------------------------


def plan(observed, before, stopped, seen, time):
    """The report, what is newly idle, and by ARN of whom is to be told when it is going to be stopped."""
    account, new, warn = observed["account"], set(), {}
    lasting = [one for one in stopped if phase(one) not in OVER]
    busy = {one["workload"]["arn"]: one["stoppedBy"] for one in lasting if one["stoppedBy"] != LABEL}
    can_stop = STAGES.index(ceiling(account)[0]) >= STAGES.index("stop") and time - instant(observed["at"]) <= FRESH
    mode = modes[account["environment"]] if can_stop else lower(modes[account["environment"]], "warn")
    left_alone = protection(account["id"], time)
    found = []
    for finding in seen.idle:
        arn, known = finding["arn"], before.get(finding["arn"])
        known = known if known and lasted(known, finding) else None
        protected = f"it is exempt: {finding['exempt']}" if finding["exempt"] else left_alone
        if not protected and arn in busy:
            protected = f"it is in the hands of {busy[arn]}"
        of_kind = lower(mode, "warn") if finding["kind"] == "volume" else mode
        step, detail = following(known, of_kind, protected, time)
        if step == "warn":
            warn[arn] = detail
        if known is None:
            new.add(arn)
        state = {"state": "kept", "why": detail} if step == "keep" else state_of(known, "warned") or {"state": "found"}
        found.append(entry(finding, known, account["owner"], time) | state)
    ours = [one for one in lasting if one["stoppedBy"] == LABEL and one["workload"]["arn"] not in seen.running]
    found += [before.get(one["workload"]["arn"]) or as_recorded(one["workload"], account["owner"]) for one in ours]
    # What is out of sight is as it was.
    shown = {idle["arn"] for idle in found}
    found += [idle for arn, idle in before.items() if arn not in shown and any(covers(one, idle) for one in seen.blind)]
    report = {"account": account["id"], "at": written(time), "found": found, "blind": list(map(blind_text, seen.blind))}
    return report, new, warn


def lower(one, other):
    return min(one, other, key=MODES.index)


def phase(stopped):
    return stopped["phase"] if isinstance(stopped["phase"], str) else next(iter(stopped["phase"]))


def protection(account, time):
    """Why nothing in the account is touched."""
    one = exemption(policy, account, time.date())
    if one is None or STAGES.index(one.get("maxStage", "none")) >= STAGES.index("stop"):
        return None
    return f"the account is exempt until {one['until']} by {one['by']}: {one['reason']}"


def lasted(known, finding):
    """True where it was idle ever since it was last seen so. Otherwise what was told before does not hold for it now."""
    since, seen_at = finding["since"], known.get("seenAt")
    return since is None or (seen_at is not None and since <= instant(seen_at))


def following(known, mode, protected, time):
    """What follows for a resource that was found idle, again or for the first time: a word, and why or when."""
    if protected:
        return "keep", protected
    warned = state_of(known, "warned")
    announced = warned and warned.get("stopsAt")
    if mode == "report" or (warned and mode == "warn"):
        return "nothing", None
    if announced and instant(announced) > time:
        return "nothing", None
    if announced and time - instant(announced) <= TOLD_FOR:
        return "stop", None
    return "warn", time + grace if mode == "stop" else None


def state_of(known, state):
    if not known or known["state"] != state:
        return None
    return {name: known[name] for name in ("state", "at", "stopsAt") if name in known}


def entry(finding, known, owner, time):
    first = [instant(known["since"])] if known and known["since"] else []
    since = min([*first, *([finding["since"]] if finding["since"] else [])], default=time)
    return {
        **{name: finding[name] for name in ("kind", "arn", "name", "region")},
        "owner": finding["owner"] or owner,
        "evidence": finding["evidence"],
        "since": written(since),
        "seenAt": written(time),
        "monthlySaving": None if finding["saving"] is None else plain(finding["saving"]),
    }


def as_recorded(workload, owner):
    """What was stopped, as much of it as the record says."""
    own = {name: workload[name] for name in ("kind", "arn", "name", "region")}
    evidence = "it was stopped because nobody used it"
    owner = workload["tags"].get("owner") or owner
    return own | {"owner": owner, "evidence": evidence, "since": None, "seenAt": None, "monthlySaving": None, "state": "found"}


def covers(blind, idle):
    """True for what was found before and may still be idle."""
    return blind["region"] == idle["region"] and all(blind[name] in (None, idle[name]) for name in ("kind", "arn"))


def blind_text(blind):
    what = blind["arn"] or blind["kind"]
    return f"{blind['region']}{', ' + what if what else ''}: {blind['why']}"


# --- What is told ----------------------------------------------------------------------------------------------------


def announce(account, new):
    """Tells of what is idle and was not at the last look."""
    told = {name: account[name] for name in ("environment", "accountType", "owner")}
    for first in range(0, len(new), MOST_NAMED):
        detail = {"accountId": account["id"], **told, "resources": new[first : first + MOST_NAMED]}
        entry = {"EventBusName": os.environ["EVENT_BUS"], "Source": SOURCE, "DetailType": "Idle Resources Found"}
        if events.put_events(Entries=[entry | {"Detail": json.dumps(detail)}])["FailedEntryCount"]:
            raise fault("Retryable", "EventBridge did not take the event", "Nothing; it is tried again.")


def tell(account, report, warn, time):
    """Tells owners, each in one letter, and puts that on record."""
    letters = {}
    for idle in report["found"]:
        if idle["arn"] in warn:
            letters.setdefault(idle["owner"], []).append(idle)
    for owner, resources in sorted(letters.items(), key=lambda pair: pair[0] or ""):
        attributes = {"kind": "idle", "account": account["id"], "owner": owner}
        plural = "resource that nobody uses" if len(resources) == 1 else "resources that nobody uses"
        topics.publish(
            TopicArn=os.environ["SPEND_TOPIC"],
            Subject=f"{len(resources)} {plural} in AWS account {account['id']}",
            Message=letter(account, resources, warn),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )
        for idle in resources:
            stops_at = warn[idle["arn"]]
            idle |= {"state": "warned", "at": written(time)} | ({"stopsAt": written(stops_at)} if stops_at else {})
        store(report, time)
    return sum(map(len, letters.values()))


def letter(account, resources, warn):
    lines = [
        f"In the AWS account {account['name']} ({account['id']}, {account['environment']}) these resources cost money, "
        "and nobody seems to use them."
    ]
    for idle in resources[:MOST_NAMED]:
        saving = f"; about {idle['monthlySaving']} USD a month" if idle["monthlySaving"] else ""
        stops_at = warn[idle["arn"]]
        follows = "Please stop or delete it if it is not needed."
        if stops_at:
            follows = f"It will be stopped after {stops_at:%Y-%m-%d %H:%M UTC}."
        lines.append(f"\n{idle['arn']}\n  {idle['kind']}, {idle['evidence']}{saving}\n  {follows}")
    if len(resources) > MOST_NAMED:
        lines.append(f"\n{len(resources) - MOST_NAMED} more are in the report.")
    lines.append(
        "\nUsing a resource is enough to keep it. To keep one that is not used, give it the tag spend-exempt, such as "
        '"until 2027-01-31 by jane@example.com for the launch". What was stopped can be started again; '
        "nothing is deleted.\n"
    )
    return "\n".join(lines)


def measure(account, report):
    idle = [one for one in report["found"] if one["state"] != "stopped"]
    saving = sum(float(one["monthlySaving"]) for one in idle if one["monthlySaving"])
    figures = {"IdleResources": len(idle), "IdleMonthlySaving": saving, "IdleBlind": len(report["blind"])}
    place = {"account_id": account["id"]}
    emit([(name, "Count", value) for name, value in figures.items()], {"environment": account["environment"]}, place)
