"""The price list, as the Rust crate `finops` reads it: what is not in it has no price, and is never taken for free."""

import json
import os
import re
from decimal import Decimal

from finops import DATA

MILLION = Decimal(1_000_000)
MEASURES = ("input", "output", "cacheRead", "cacheWrite", "image", "request")
NAMES = {
    "input": "input tokens",
    "output": "output tokens",
    "cacheRead": "tokens read from a cache",
    "cacheWrite": "tokens written to a cache",
    "image": "images",
    "request": "requests",
}
# A date, a version, and what Bedrock adds after colons: `-20250929-v1:0`, `-v1:0:300k`.
VERSION = re.compile(r"(-\d{8})?(-v\d+)?(:[A-Za-z0-9]+)*", re.ASCII)
WHY = {
    "profile": "it is an inference profile, and which model it stands for is not known",
    "provisioned": "it is throughput that is paid by the hour, not by the token",
    "own": "it is a model of one's own, which the price list does not know",
    "other": "it is no model of the catalog",
}
KINDS = {
    "application-inference-profile": "profile",
    "provisioned-model": "provisioned",
    "custom-model": "own",
    "custom-model-deployment": "own",
    "imported-model": "own",
}


class Unpriced(Exception):
    """Something has no price, for this reason."""


class PriceList:
    def __init__(self, text):
        document = json.loads(text, parse_float=Decimal)
        self.rows = {name: row for row in document["models"] for name in row["names"]}
        self.places = document["places"]
        self.hours, self.hours_of_kind = document["hours"], document.get("hoursOfKind", {})
        self.over_ec2, self.regions = document["sagemakerOverEc2"], document["regions"]
        self.volumes = {name: Decimal(price) for name, price in document.get("volumes", {}).items()}
        self.aliases = document.get("aliases", {})

    def rates(self, model, region):
        """What a model costs that is used in a Region, by its name as CloudWatch has it."""
        known = self.aliases.get(model) or self.aliases.get(model.rpartition("/")[2]) or model
        name = catalog_name(known)
        row, area = self.row_of(name), None
        if row is None and "." in name:
            area, _, name = name.partition(".")
            row = self.row_of(name)
        if row is None:
            raise Unpriced("it is not in the price list")
        wider = "apac" if area in ("jp", "au") else area
        factor, _ = factor_at(self.places[row["place"]], (area, wider) if area else (region, area_of(region)))
        prices = {measure: Decimal(row[measure]) * factor for measure in MEASURES if measure in row}
        if "cacheWrite1h" in row:
            prices["cacheWrite"] = Decimal(row["cacheWrite1h"]) * factor
        return prices | {"long": row.get("long")}

    def row_of(self, name):
        """The row of a model: its own, or that of the longest name that only a version follows."""
        parts = ((name[:end], name[end:]) for end in range(len(name), -1, -1))
        models = (model for model, version in parts if VERSION.fullmatch(version))
        return next((self.rows[model] for model in models if model in self.rows), None)

    def hourly(self, kind, instance_type, region):
        """What an hour of a machine costs that a workload of this kind runs on; None for one without a price."""
        name = instance_type.rpartition("/")[2]
        of_kind = self.hours_of_kind.get(kind, {})
        own = (of_kind.get(name), of_kind.get("*"), self.hour(name))
        price = next((price for price in own if price is not None), None)
        if price is not None:
            return Decimal(price) * self.in_region(name, region)
        machine = name.removeprefix("ml.")
        price = self.hour(machine) if machine != name else None
        if price is None:
            return None
        over, _ = factor_at(self.over_ec2, (family(machine),))
        return Decimal(price) * over * self.in_region(name, region)

    def hour(self, instance_type):
        machines, _, size = instance_type.rpartition(".")
        return self.hours.get(machines, {}).get(size)

    def in_region(self, name, region):
        own = (family(name.removeprefix("ml.")),)
        if region in self.regions:
            return factor_at(self.regions[region], own)[0]
        return max((factor_at(factors, own)[0] for factors in self.regions.values()), default=Decimal(1))


def read_prices():
    """The list that is configured, else that of this release."""
    return PriceList(os.environ.get("PRICE_LIST") or (DATA / "prices.json").read_text())


def factor_at(factors, places):
    """The factor of the first of these places that has one; True with the highest one where nothing is known."""
    for place in (*places, "*"):
        if place in factors:
            return Decimal(factors[place]), False
    return max(map(Decimal, factors.values()), default=Decimal(1)), True


def family(machine):
    return machine.partition(".")[0]


def area_of(region):
    """The area that a Region lies in, as inference profiles name it."""
    area = region.partition("-")[0]
    if region.startswith("us-gov-"):
        return "us-gov"
    return "apac" if area == "ap" else area


def catalog_name(text):
    """A model of the catalog by its name, which may be in an ARN."""
    parts = text.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6:
        if "." in text:
            return text
        raise Unpriced(WHY["profile"])
    kind, _, model = parts[5].partition("/")
    if parts[2] == "bedrock" and kind in ("foundation-model", "inference-profile"):
        return model
    raise Unpriced(WHY[KINDS.get(kind, "other") if parts[2] == "bedrock" else "other"])


# --- Use -------------------------------------------------------------------------------------------------------------


def measures(usage):
    """What was counted, each token once; nothing that was not used."""
    counts = usage["counts"]
    read, write = counts["cacheRead"], counts["cacheWrite"]
    uncached = counts["input"] if usage["api"] == "bedrock" else max(counts["input"] - read - write, 0)
    counted = (uncached, counts["output"], read, write, counts["images"], counts["invocations"])
    return {measure: count for measure, count in zip(MEASURES, counted, strict=True) if count}


def mean_prompt(usage):
    counts = usage["counts"]
    cached = counts["cacheRead"] + counts["cacheWrite"]
    prompts = counts["input"] + cached if usage["api"] == "bedrock" else max(counts["input"], cached)
    return prompts // counts["invocations"] if counts["invocations"] else 0


def cost(rates, usage):
    """What a day's use comes to, and what of it has no price."""
    long = rates["long"] if rates["long"] and mean_prompt(usage) > rates["long"]["above"] else None
    amount, unpriced = Decimal(0), {}
    for measure, count in measures(usage).items():
        price = rates.get(measure)
        if price is None:
            # A request costs its tokens or images, and nothing beside them.
            if measure != "request":
                unpriced[measure] = count
            continue
        if measure not in ("image", "request"):
            side = "output" if measure == "output" else "input"
            price = price * (Decimal(long[side]) if long else 1) / MILLION
        amount += count * price
    return amount, unpriced
