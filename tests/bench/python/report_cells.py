"""Tables, charts and sections of the page, as HTML."""

from datetime import timedelta
from html import escape

MOST_ROWS = 100


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


def accounts_of(count):
    return "1 account" if count == 1 else f"{count} accounts"


def days_in(period):
    start, end = period
    return f"{start} to {end - timedelta(days=1)}"
