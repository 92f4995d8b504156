"""The report as one page: no script, nothing loaded, light and dark, and fit for paper."""

from datetime import date, timedelta
from decimal import Decimal
from html import escape

from finops import STAGES
from landing_zone import ROOT
from report_charts import COLOURS, bars, stacked
from report_model import amount_of, percent, spent

TEMPLATE = (ROOT / "functions/finops/report/templates/report.html").read_text()
STYLE = TEMPLATE.partition("<style>")[2].partition("</style>")[0]
MOST_ROWS, MOST_BARS, MOST_SERVICES, MOST_WARNINGS, MOST_ACCOUNTS = 100, 20, 12, 4, 12
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


def shown(amount):
    return "not known" if amount is None else f"{amount:,.2f}"


# --- Cells: a text, a class, and a second line -----------------------------------------------------------------------


def cell(text, kind="", note=""):
    return str(text), kind, note


def number(text):
    return cell(text, "number")


def money(amount):
    return cell("not known", "number quiet") if amount is None else number(shown(amount))


def share(part):
    return cell("–", "number quiet") if part is None else number(f"{part:.1f} %")


def said(what, otherwise):
    return cell(what) if what else cell(otherwise, "quiet")


def table(title, head, rows):
    """A table of the first rows of many; names of columns that hold numbers begin with `#`."""
    if not rows:
        return ""
    kinds = ((name.lstrip("#"), "number" if name.startswith("#") else "") for name in head)
    columns = "".join(tag("th", name, kind, ' scope="col"') for name, kind in kinds)
    body = "\n".join("<tr>" + "".join(map(data, row)) + "</tr>" for row in rows[:MOST_ROWS])
    more = len(rows) - MOST_ROWS
    left_out = f'<p class="quiet">And {more} more, which are in report.csv and report.json.</p>' if more > 0 else ""
    name = f"<h3>{escape(title)}</h3>" if title else ""
    inner = f"<thead><tr>{columns}</tr></thead>\n<tbody>\n{body}</tbody>"
    return f'<div>{name}\n<div class="wide"><table>\n{inner}</table></div>\n{left_out}</div>'


def tag(name, text, kind="", more=""):
    kind = f' class="{kind}"' if kind else ""
    return f"<{name}{more}{kind}>{escape(text)}</{name}>"


def data(one):
    text, kind, note = one
    second = f"<small>{escape(note)}</small>" if note else ""
    return f'<td{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{escape(text)}{second}</td>'


def figure(caption, svg, legend=()):
    names = "".join(f'<li><i class="{colour}"></i>{escape(name)}</li>' for colour, name in legend)
    listed = f'<ul class="legend">{names}</ul>' if names else ""
    caption = escape(caption)
    image = f'<div role="img" aria-label="{caption}">{svg}</div>'
    return f"<figure>\n<figcaption>{caption}</figcaption>\n{image}\n{listed}\n</figure>"


def section(id, title, says, *tables, drawing=""):
    tables = [one for one in tables if one]
    lines = "\n".join(tag("p", line) for line in says if line)
    many = " many" if len(tables) > 1 else ""
    inner = "\n".join(tables)
    head = f'<section id="{id}">\n<h2>{escape(title)}</h2>\n{lines}\n{drawing}'
    return id, title, f'{head}\n<div class="tables{many}">\n{inner}</div>\n</section>'


# --- The page --------------------------------------------------------------------------------------------------------


def page(report):
    title = f"Spending report of {report['at'].date()}"
    sections = [make(report) for make in SECTIONS]
    links = "".join(f'<a href="#{id}">{escape(title)}</a>' for id, title, _ in sections)
    warnings = warnings_of(report)
    listed = "".join(f"<li>{escape(line)}</li>\n" for line in warnings)
    careful = 'Read with care: <a href="#gaps">not everything is known</a>'
    care = f'<div class="gaps"><strong>{careful}</strong><ul>{listed}</ul></div>' if warnings else ""
    tiles = "\n".join(
        f'<div class="tile {kind}"><span>{name}</span><b>{escape(value)}</b><span>{escape(note)}</span></div>'
        for name, value, note, kind in tiles_of(report)
    )
    bodies = "\n".join(html for _, _, html in sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style()}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p class="quiet">Made at {report["at"]:%Y-%m-%d %H:%M UTC}. {escape(introduction(report))}</p>
<nav>{links}</nav>
</header>
<div class="tiles">
{tiles}</div>
{care}
{bodies}
</main>
</body>
</html>
"""


def style():
    """Charts carry their light colours; the style sheet exchanges them where it is dark."""
    rules = "".join(
        f'svg [fill="{light}"]{{fill:var(--{name})}}svg [stroke="{light}"]{{stroke:var(--{name})}}'
        f"i.{name}{{background:var(--{name})}}"
        for name, (light, _) in COLOURS.items()
    )
    lights = "".join(f"--{name}:{light};" for name, (light, _) in COLOURS.items())
    darks = "".join(f"--{name}:{dark};" for name, (_, dark) in COLOURS.items())
    filled = {"{{ colours.light|safe }}": lights, "{{ colours.dark|safe }}": darks, "{{ colours.rules|safe }}": rules}
    text = STYLE
    for place, value in filled.items():
        text = text.replace(place, value)
    return text


def introduction(report):
    reach = "No bill is known."
    if report["through"] and report["wholeThrough"]:
        reach = f"Bills go through {report['through']}; days after {report['wholeThrough']} may still grow."
    mode = "The policy only reports: nothing is done against spending."
    if report["mode"] == "enforce":
        mode = "The policy is enforced."
    return f"Amounts are in {report['currency']}, before credits and refunds, by days of UTC. {reach} {mode}"


def tiles_of(report):
    total, idle, tags = report["total"], report["idle"], report["tags"]
    notes = [f"through {report['through']}"] if report["through"] else []
    notes += [f"{shown(total['ai'])} of it for AI services"] if total["ai"] is not None else []
    notes += [f"credits {shown(total['credits'])}"] if total["credits"] else []
    without = f"without {total['withoutForecast']} accounts that have no forecast"
    found = len(idle["found"])
    saving = "nothing idle was found"
    if found:
        saving = f"a month, by {found} idle resources; {idle['unpriced']} without a price"
    swept = f"{tags['untagged']} of {tags['resources']}" if tags["sweptAt"] else "not swept yet"
    stand = f"{total['expectedOver']} expected to be, {total['within']} within, {total['unknown']} not known"
    untagged = "not known" if tags["untaggedPercent"] is None else f"{tags['untaggedPercent']:.1f} %"
    saved = Decimal(0) if idle["accounts"] and not found else idle["saving"]
    over = str(total["over"]) if report["accounts"] else "not known"
    return [
        ("This month", shown(total["thisMonth"]), "; ".join(notes), ""),
        ("Last month", shown(total["lastMonth"]), days_in(report["before"]), ""),
        ("Expected this month", shown(total["forecast"]), without if total["withoutForecast"] else "of all accounts", ""),
        ("Over the limit", over, stand, "bad" if total["over"] else ""),
        ("Could be saved", shown(saved), saving if idle["accounts"] else "not looked for yet", ""),
        ("Resources without their tags", untagged, swept, ""),
    ]


def days_in(period):
    start, end = period
    return f"{start} to {end - timedelta(days=1)}"


def accounts_of(count):
    return "1 account" if count == 1 else f"{count} accounts"


def warnings_of(report):
    gaps = report["gaps"]
    told = [
        gap["what"] + (f" ({accounts_of(len(gap['accounts']))})" if gap["accounts"] else "")
        for gap in gaps[:MOST_WARNINGS]
    ]
    return told + ([f"{len(gaps) - MOST_WARNINGS} more at the end."] if len(gaps) > MOST_WARNINGS else [])


# --- Sections --------------------------------------------------------------------------------------------------------


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
        says = "The meter saw no model that has a price."
    if not report["metered"]:
        says = "The meter saw no account yet."
    rows = [
        [cell(one["model"], "quiet"), number(one["accounts"]), money(one["amount"]), share(one["percent"])]
        for one in report["models"]
    ]
    return section("models", "By model", [says], table("", ["Model", "#Accounts", "#Amount", "#Share"], rows))


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
    says = (
        f"Nobody uses these, as far as it shows; it was looked for in {idle['accounts']} accounts. What is stopped saves "
        "already and is not in the sum."
    )
    if not idle["found"]:
        says = f"Nothing idle was found in {idle['accounts']} accounts."
    if not idle["accounts"]:
        says = "Idle resources were not looked for yet."
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
    return section("idle", "Idle resources", [says], table("", head, rows))


def state(one):
    if one["state"] == "warned":
        stops = f"; is stopped on {one['stopsAt'][:10]}" if one.get("stopsAt") else ""
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
