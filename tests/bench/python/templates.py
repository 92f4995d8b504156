"""Conditions on what was described and values with parts of it, as the Rust crate `remediation` reads its rows."""

import json
import re
from datetime import datetime, timedelta

from documents import each

PART = re.compile(r"\{([0-9A-Za-z]+)\}")
NOTHING = object()


class Undescribed(Exception):
    """Something that a template names is not there."""


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def time(text):
    """An instant; only with its offset it is one."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} is no instant")
    return found


# --- Conditions ------------------------------------------------------------------------------------------------------


def pointer(value, path):
    """The value at a JSON pointer; `NOTHING` where there is none."""
    for name in path.split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return NOTHING
    return value


def find(documents, place):
    return pointer(documents, place) if place.startswith("/") else NOTHING


def same(found, wanted):
    """XML knows texts only, so that `"true"` is `true` and `"3"` is 3."""
    if isinstance(found, str) and isinstance(wanted, (bool, int, float)):
        try:
            return same(json.loads(found), wanted)
        except ValueError:
            return False
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return found == wanted


def contains(found, wanted):
    """Equal, or an object with at least these members."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(name in found and contains(found[name], value) for name, value in wanted.items())
    return same(found, wanted)


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def age(documents, value):
    """Days between a time and the clock; None for what is no time."""
    try:
        return (time(documents["clock"]) - time(value)) / timedelta(days=1)
    except (KeyError, TypeError, ValueError):
        return None


def covers(documents, ends, wanted):
    start, end = (number(find(documents, place)) for place in ends)
    return start is not None and end is not None and (start < 0 or any(start <= one <= end for one in wanted))


CHECKS = {
    "is": lambda value, wanted, _: same(value, wanted),
    "isNot": lambda value, unwanted, _: not same(value, unwanted),
    "in": lambda value, several, _: any(same(value, one) for one in several),
    "atLeast": lambda value, least, _: (found := number(value)) is not None and found >= least,
    "atMost": lambda value, most, _: (found := number(value)) is not None and found <= most,
    "olderThanDays": lambda value, days, documents: (found := age(documents, value)) is not None and found > days,
    "newerThanDays": lambda value, days, documents: (found := age(documents, value)) is not None and found <= days,
    "exists": lambda value, wanted, _: (value is not None) == wanted,
    "empty": lambda value, wanted, _: (value in (None, "", [], {})) == wanted,
    "has": lambda value, wanted, _: any(contains(entry, wanted) for entry in each(value)),
    "hasNot": lambda value, unwanted, _: not any(contains(entry, unwanted) for entry in each(value)),
    "any": lambda _, several, documents: any(holds(one, documents) for one in several),
}


def holds(condition, documents):
    """Everything that is given has to hold. What is not there is null."""
    found = find(documents, condition.get("at", ""))
    value = None if found is NOTHING else found
    if "covers" in condition and not covers(documents, condition["range"], condition["covers"]):
        return False
    return all(CHECKS[name](value, wanted, documents) for name, wanted in condition.items() if name in CHECKS)


def all_hold(conditions, documents):
    return all(holds(condition, documents) for condition in conditions)


def looked_at(condition):
    own = [place for place in (condition.get("at", ""), *condition.get("range", [])) if place]
    return own + [place for one in condition.get("any", []) for place in looked_at(one)]


# --- Templates -------------------------------------------------------------------------------------------------------


def form_of(template):
    """The name of a form, which begins with `$`."""
    names = [name for name in template if name.startswith("$")] if isinstance(template, dict) else []
    return next((name for name in ("$", "$copy", "$json", "$policy", "$list", "$append") if name in names), None)


def is_literal(template):
    return isinstance(template, dict) and template.keys() == {"$literal"}


def filled(text, parts):
    def part(match):
        if match[1] not in parts:
            raise Undescribed(f"{match[0]} was not described")
        return parts[match[1]]

    return PART.sub(part, text)


def fill(template, parts, documents):
    """The value of a template; `NOTHING` for a member that is to be left out."""
    if is_literal(template):
        return template["$literal"]
    if isinstance(template, str):
        return filled(template, parts)
    if isinstance(template, list):
        return [value for one in template if (value := fill(one, parts, documents)) is not NOTHING]
    if not isinstance(template, dict):
        return template
    if form := form_of(template):
        return FORMS[form](template, template[form], parts, documents)
    filled_in = {name: fill(one, parts, documents) for name, one in template.items()}
    return {name: value for name, value in filled_in.items() if value is not NOTHING}


def or_else(form, at, parts, documents):
    if "else" not in form:
        raise Undescribed(f"{at} was not described")
    return NOTHING if form["else"] is None else fill(form["else"], parts, documents)


def value_form(form, at, parts, documents):
    value = find(documents, at)
    return or_else(form, at, parts, documents) if value in (None, NOTHING) else value


def json_form(form, at, parts, documents):
    try:
        return json.loads(find(documents, at))
    except (TypeError, ValueError):
        return or_else(form, at, parts, documents)


def copy_form(form, at, parts, documents):
    found = find(documents, at)
    if not isinstance(found, dict):
        raise Undescribed(f"{at} was not described")
    without, rename = form.get("without", []), form.get("rename", {})
    copy = {rename.get(name, name): one for name, one in found.items() if name not in without and one is not None}
    for path, template in form.get("set", {}).items():
        value = fill(template, parts, documents)
        if value is not NOTHING:
            place(copy, path, value)
    return copy


def place(target, path, value):
    """Puts a value where a pointer leads. What is on the way belongs to what was described, and is copied."""
    *way, last = path.split("/")[1:]
    for name in way:
        target[name] = dict(target[name]) if isinstance(target.get(name), dict) else {}
        target = target[name]
    target[last] = value


def policy_form(form, at, parts, documents):
    """A policy with a statement more or less. One that cannot be read would be lost."""
    found = find(documents, at)
    try:
        policy = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        raise Undescribed(f"{at} was not described") from None
    if not isinstance(policy, dict) or not policy:
        policy = {"Version": "2012-10-17"}
    add = fill(form["add"], parts, documents) if "add" in form else None
    unwanted = form.get("remove") or (add or {}).get("Sid")
    statements = [one for one in each(policy.get("Statement")) if not (unwanted and contains(one, {"Sid": unwanted}))]
    return compact({**policy, "Statement": statements + ([add] if add else [])})


def list_form(form, at, _, documents):
    found, fits = find(documents, at), form.get("where", [])
    clock = {"clock": documents["clock"]} if "clock" in documents else {}
    entries = [one for one in each(None if found is NOTHING else found)]
    fitting = [one for one in entries if all_hold(fits, {**(one if isinstance(one, dict) else {}), **clock})]
    return [value for one in fitting if (value := pointer(one, form.get("take", ""))) is not NOTHING]


def append_form(form, at, parts, documents):
    found, more = find(documents, at), fill(form["add"], parts, documents)
    return each(None if found is NOTHING else found) + ([] if more is NOTHING else [more])


FORMS = {
    "$": value_form,
    "$json": json_form,
    "$copy": copy_form,
    "$policy": policy_form,
    "$list": list_form,
    "$append": append_form,
}


def inner(template):
    if isinstance(template, list):
        return template
    if not isinstance(template, dict) or is_literal(template):
        return []
    if form_of(template) is None:
        return list(template.values())
    return [template[name] for name in ("else", "add") if name in template] + list(template.get("set", {}).values())


def places(template):
    """Every place among the documents that a template looks at."""
    form = None if is_literal(template) else form_of(template)
    own = [template[form]] if form else []
    return own + [place for one in inner(template) for place in places(one)]


def is_plain(value):
    """True for a value that reads as itself, and not as a template."""
    if isinstance(value, str):
        return PART.search(value) is None
    if isinstance(value, dict):
        return all(not name.startswith("$") and is_plain(one) for name, one in value.items())
    return all(is_plain(one) for one in value) if isinstance(value, list) else True


def partly(template, parts, documents, later):
    """A template with what can be filled now; what looks at one of `later` stays open."""
    if not any(place.split("/")[1] in later for place in places(template) if place.startswith("/")):
        value = fill(template, parts, documents)
        return value if value is NOTHING or is_plain(value) else {"$literal": value}
    if isinstance(template, list):
        return [value for one in template if (value := partly(one, parts, documents, later)) is not NOTHING]
    if form_of(template):
        return template
    open_ones = {name: partly(one, parts, documents, later) for name, one in template.items()}
    return {name: value for name, value in open_ones.items() if value is not NOTHING}
