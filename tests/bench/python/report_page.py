"""The report as one page: no script, nothing loaded, light and dark, and fit for paper."""

from html import escape

from landing_zone import ROOT
from report_cells import accounts_of, days_in, shown
from report_charts import COLOURS
from report_sections import SECTIONS

TEMPLATE = (ROOT / "functions/finops/report/templates/report.html").read_text()
STYLE = TEMPLATE.partition("<style>")[2].partition("</style>")[0]
MOST_WARNINGS = 4


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
    if idle["unseen"]:
        saving += f"; {idle['unseen']} accounts could not be judged wholly"
    known = total["over"] or total["unknown"] < len(report["accounts"])
    over = str(total["over"]) if known else "not known"
    return [
        ("This month", shown(total["thisMonth"]), "; ".join(notes), ""),
        ("Last month", shown(total["lastMonth"]), days_in(report["before"]), ""),
        ("Expected this month", shown(total["forecast"]), without if total["withoutForecast"] else "of all accounts", ""),
        ("Over the limit", over, stand, "bad" if total["over"] else ""),
        ("Could be saved", shown(idle["saving"]), saving if idle["accounts"] else "not looked for yet", ""),
        ("Resources without their tags", untagged, swept, ""),
    ]


def warnings_of(report):
    gaps = report["gaps"]
    told = [
        gap["what"] + (f" ({accounts_of(len(gap['accounts']))})" if gap["accounts"] else "")
        for gap in gaps[:MOST_WARNINGS]
    ]
    return told + ([f"{len(gaps) - MOST_WARNINGS} more at the end."] if len(gaps) > MOST_WARNINGS else [])
