"""The sections of the page."""

from datetime import date
from decimal import Decimal

from finops import STAGES
from report_accounts import spent
from report_cells import cell, days_in, figure, money, number, said, section, share, shown, table
from report_charts import bars, stacked
from report_figures import amount_of, percent

MOST_BARS, MOST_SERVICES, MOST_ACCOUNTS = 20, 12, 12
ENVIRONMENTS = [
    ("part0", "prod", "PROD"),
    ("part1", "test", "TEST"),
    ("part2", "dev", "DEV"),
    ("part3", "core", "platform accounts"),
    ("part4", "unknown", "not known"),
]
STANDING_WORDS = {"over": "over limit", "expected-over": "expected over", "within": "within", "unknown": "not known"}
OUTCOME_WORDS = {
    "settled": "settled",
    "act": "acts now",
    "approval": "waits for approval",
    "held": "held",
    "would": "would act",
}
WAYS = {"up": "to", "down": "back to", "again": "again to"}


def days(report):
    stacks = [
        (
            f"{date.fromisoformat(day['day']):%-d %b}",
            [float(day["environments"].get(name, 0)) for _, name, _ in ENVIRONMENTS],
            day["whole"],
        )
        for day in report["days"]
    ]
    if not stacks:
        return section("days", "Day by day", ["No bill shows any day yet."])
    spent_in = {name for day in report["days"] for name in day["environments"]}
    legend = [(colour, title) for colour, name, title in ENVIRONMENTS if name in spent_in]
    caption = f"{report['currency']} a day by environment, this and last month; pale days may still grow"
    return section("days", "Day by day", [], drawing=figure(caption, stacked(stacks), legend))


def accounts(report):
    known = [row for row in report["accounts"] if row["usedPercent"] is not None]
    drawn = [account_bar(row) for row in sorted(known, key=lambda row: -row["usedPercent"])[:MOST_BARS]]
    says = [
        "Spent is the bill and, after its last whole day, what the meter saw. The limit, and what is expected, are those "
        "of the account's own period."
    ]
    unknown = len(report["accounts"]) - len(known)
    if unknown:
        says.append(f"Of {unknown} accounts it is not known how much of their limit they spent: they are in no bar.")
    head = ["Account", "Owner", "#This month", "#Last month", "#Spent", "#Limit", "#Used", "#Expected", "Status", "Stage"]
    rows = table("", head, list(map(account_row, report["accounts"])))
    legend = [
        ("part0", "within the limit"),
        ("over", "over it"),
        ("limit", "the limit"),
        ("mark", "expected at the end of the period"),
    ]
    caption = f"Spent in percent of the limit, the {len(drawn)} accounts that spent most of theirs"
    drawing = figure(caption, bars(drawn, 100.0, " %"), legend) if drawn else ""
    return section("accounts", "Accounts and their limits", says, rows, drawing=drawing)


def account_bar(row):
    forecast = amount_of(row["forecast"])
    mark = None if forecast is None else float(percent(forecast, row["limit"]))
    end = f"{row['usedPercent']:.0f} % of {shown(row['limit'])}".removesuffix(".00")
    return row["name"] or row["account"], float(row["usedPercent"]), end, mark, row["standing"] == "over"


def account_row(row):
    kind = {"over": "bad", "expected-over": "warn", "unknown": "quiet"}.get(row["standing"], "")
    enforced = lambda stage: stage if STAGES.index(stage) >= STAGES.index("restrict") else "none"
    called = row["desired"] and enforced(row["desired"]) != enforced(row["stage"])
    notes = ([f"should be {row['desired']}"] if called else []) + row["notes"]
    why = row["uncounted"] if row["standing"] == "unknown" else None
    return [
        cell(row["name"] or "name not known", note=f"{row['account']} · {row['environment']}"),
        said(row["owner"], "nobody"),
        money(row["thisMonth"]),
        money(row["lastMonth"]),
        money(spent(row)),
        money(row["limit"]),
        share(row["usedPercent"]),
        money(amount_of(row["forecast"])),
        cell(STANDING_WORDS[row["standing"]], kind, why or ""),
        cell(row["stage"], note="; ".join(notes)),
    ]


def who(report):
    def of(title, name, shares, otherwise):
        head = [name, "#Accounts", "#This month", "#Last month", "#Share"]
        return table(title, head, [share_row(one, otherwise) for one in shares])

    says = [] if report["accounts"] else ["No account is known yet."]
    return section(
        "who",
        "Who spent it",
        says,
        of("By environment", "Environment", report["environments"], "not known"),
        of("By account type", "Type", report["accountTypes"], "no type"),
        of("By owner", "Owner", report["owners"], "nobody"),
        of("By cost center", "Cost center", report["costCenters"], "none"),
    )


def share_row(one, otherwise):
    accounts = f"{one['accounts']} ({one['unknown']} not known)" if one["unknown"] else one["accounts"]
    amounts = [money(one["thisMonth"]), money(one["lastMonth"]), share(one["percent"])]
    return [said(one["name"], otherwise), number(accounts), *amounts]


def services(report):
    costly = [one for one in report["services"] if one["thisMonth"]][:MOST_SERVICES]
    drawn = [
        (one["name"], float(one["thisMonth"]), f"{shown(one['thisMonth'])} ({one['percent']:.0f} %)", None, False)
        for one in costly
        if one["thisMonth"] > 0
    ]
    caption = f"{report['currency']} this month, the {len(drawn)} services that cost most"
    drawing = figure(caption, bars(drawn, None, "")) if drawn else ""
    head = ["Service", "#Accounts", "#This month", "#Last month", "#Share"]
    rows = table("", head, [share_row(one, "not named") for one in report["services"]])
    says = [] if report["services"] else ["No bill shows any service yet."]
    return section("services", "By service", says, rows, drawing=drawing)


def models(report):
    together = sum((one["amount"] for one in report["models"]), Decimal(0))
    says = (
        f"As metered and priced by the list since {report['modelsFrom']}, before it is compared with the bill: "
        f"{shown(together)} {report['currency']} together. Bills show models of other makers among the services."
    )
    if not report["models"]:
        says = f"The meter saw no model that has a price since {report['modelsFrom']}."
    if not report["metered"]:
        says = "The meter saw no account yet."
    rows = [
        [cell(one["model"], "quiet"), number(one["accounts"]), money(one["amount"]), share(one["percent"])]
        for one in report["models"]
    ]
    # The bench asks for nothing that costs money.
    billed = f"What the bill has since {report['billed']['month'][0]} is not known: {report['billed']['why']}."
    head = ["Model", "#Accounts", "#Amount", "#Share"]
    return section("models", "By model", [says, billed], table("As metered", head, rows))


def waiting(report):
    says = (
        "Steps that were called for and not taken: put on record only, held by a rail, or waiting for somebody's approval."
    )
    if not report["waiting"]:
        says = "No step was held, waits for approval, or was only put on record."
    if all(row["decidedAt"] is None for row in report["accounts"]):
        says = "Nothing was decided about any account yet."
    rows = [
        [
            cell(one["title"], note=one["environment"]),
            cell(f"{WAYS[one['direction']]} {one['to']}", note=one["step"]),
            cell(OUTCOME_WORDS[one["outcome"]], "strong"),
            cell("; ".join(one["because"])),
            said("; ".join(one["heldBy"]), "nothing"),
        ]
        for one in report["waiting"]
    ]
    head = ["Account", "Step", "Outcome", "Because", "In the way"]
    return section("waiting", "What would have happened", [says], table("", head, rows))


def idle(report):
    idle = report["idle"]
    says = [
        f"Nobody uses these, as far as it shows; it was looked for in {idle['accounts']} accounts. What is stopped saves "
        "already and is not in the sum."
    ]
    if not idle["found"]:
        says = [f"Nothing idle was found in {idle['accounts']} accounts."]
    if not idle["accounts"]:
        says = ["Idle resources were not looked for yet."]
    elif idle["unseen"]:
        says.append(f"{idle['unseen']} accounts could not be judged wholly: more in them may be idle.")
    rows = [
        [
            cell(f"{one['kind']} {one['name']}", note=f"{one['account']} in {one['region']}"),
            said(one["owner"], "nobody"),
            cell(one["evidence"]),
            cell((one["since"] or "")[:10], "quiet"),
            money(one["monthlySaving"]),
            cell(state(one)),
        ]
        for one in idle["found"]
    ]
    head = ["Resource", "Owner", "Evidence", "Since", "#Saves a month", "State"]
    return section("idle", "Idle resources", says, table("", head, rows))


def state(one):
    if one["state"] == "warned":
        stops = f"; to be stopped on {one['stopsAt'][:10]}" if one.get("stopsAt") else ""
        return f"owner told on {one['at'][:10]}{stops}"
    if one["state"] == "stopped":
        return f"stopped on {one['at'][:10]}"
    return f"kept: {one['why']}" if one["state"] == "kept" else "found"


def tags(report):
    tags = report["tags"]
    says = ["Resources were not swept for tags: the share is not known."]
    if tags["sweptAt"]:
        says = ["The sweeps found no resources."]
        if tags["untaggedPercent"] is not None:
            oldest = f"the oldest sweep is of {tags['sweptAt'][:10]}"
            lacking = f"({tags['untaggedPercent']:.1f} %) lack a required tag"
            says = [f"{tags['untagged']} of {tags['resources']} resources {lacking}; {oldest}."]
    if tags["unreachable"]:
        says.append(f"{tags['unreachable']} accounts could not be entered and count nowhere here.")
    spending = [
        [cell(f"of accounts without {words}"), money(tags[name]), share(tags[f"{name}Percent"])]
        for words, name in (("owner", "withoutOwner"), ("cost center", "withoutCostCenter"))
    ]
    keys = [[cell(key), number(lacking)] for key, lacking in tags["keys"]]
    return section(
        "tags",
        "Untagged share",
        says,
        table("Spending that nobody answers for", ["This month", "#Amount", "#Share"], spending),
        table("Resources by missing tag", ["Tag", "#Resources without it"], keys),
    )


def commitments(report):
    told = report["commitments"]
    rows = [
        commitment("Savings Plans, by cost", "USD", told["savingsPlans"]),
        commitment("EC2 reservations, by hours", "h", told["reservations"]),
    ]
    says = f"What commitments covered from {days_in(told['month'])}."
    head = ["Commitment", "#Covers", "#Covered", "#Could be"]
    return section("commitments", "Savings Plans and reservations", [says], table("", head, rows))


def commitment(name, unit, covered):
    if covered["state"] == "known":
        amounts = [number(f"{shown(covered[part])} {unit}") for part in ("covered", "of")]
        return [cell(name), share(covered["percent"]), *amounts]
    note, word = covered.get("why"), "not known"
    if covered["state"] == "none":
        note, word = "there are none, or nothing that they could cover", "none"
    return [cell(name, note=note), cell(word, "number quiet"), cell(""), cell("")]


def unpriced(report):
    says = "The meter saw this and the price list has no price for it: it is in no estimate until the bill shows it."
    if not report["unpriced"]:
        says = "Everything that the meter saw has a price."
    if not report["metered"]:
        says = "The meter saw no account yet."
    rows = [
        [
            cell(one["what"]),
            number(f"{shown(one['quantity']).removesuffix('.00')} {one['unit']}"),
            number(one["accounts"]),
            cell(one["why"]),
        ]
        for one in report["unpriced"]
    ]
    return section("unpriced", "Used and without a price", [says], table("", ["What", "#Used", "#Accounts", "Why"], rows))


def gaps(report):
    says = "None of this is counted as zero." if report["gaps"] else "Everything that is asked for is known and fresh."
    rows = []
    for gap in report["gaps"]:
        more = len(gap["accounts"]) - MOST_ACCOUNTS
        named = ", ".join(gap["accounts"][:MOST_ACCOUNTS]) + (f" and {more} more" if more > 0 else "")
        rows.append([cell(gap["what"]), number(len(gap["accounts"]) or "all"), cell(named, "quiet")])
    head = ["What", "#Accounts", "Which"]
    return section("gaps", "Not known, old, or not believed", [says], table("", head, rows))


SECTIONS = [days, accounts, who, services, models, waiting, idle, tags, commitments, unpriced, gaps]
