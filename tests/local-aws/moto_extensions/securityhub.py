"""Security Hub's findings: imported, found, updated, and told to EventBridge
(https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html).

moto keeps findings in ASFF, but shows all whatever the filters, and lets an import overwrite what people said; it has
no updates, no OCSF and no events. Here one hub holds the findings of all accounts and Regions, as the administrator's
in the home Region does. Filters that are not played are refused. LOCAL_EVENTS is the URL that puts events on a bus.
"""

import json
import os
import threading
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.securityhub import urls
from moto.securityhub.exceptions import SecurityHubClientError
from moto.securityhub.models import SecurityHubBackend, securityhub_backends
from moto.securityhub.responses import SecurityHubResponse

from .organizations import MANAGEMENT_ACCOUNT

_MOST, _MOST_TEXT, _EVENTS_OF_A_CALL = 100, 512, 10
# What people say about a finding: an import leaves it as it is.
_OF_PEOPLE = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
_CHANGEABLE = (*_OF_PEOPLE, "Confidence", "Criticality", "RelatedFindings", "Severity", "Types")
_STATUSES = ("NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED")
_FILTERS = {
    "Id": "Id", "ProductArn": "ProductArn", "AwsAccountId": "AwsAccountId", "RecordState": "RecordState",
    "ResourceId": "Resources.Id", "WorkflowStatus": "Workflow.Status", "ComplianceStatus": "Compliance.Status",
}
# OCSF: what identifies a finding, and what numbers mean (https://schema.ocsf.io/1.6.0/classes/compliance_finding).
_OCSF_KEY = {"CloudAccountUid": "cloud.account.uid", "FindingInfoUid": "finding_info.uid",
             "MetadataProductUid": "metadata.product.uid"}
_OCSF_TEXTS = {"status": ("Unknown", "New", "In Progress", "Suppressed", "Resolved", "Archived"),
               "severity": ("Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal")}

_lock = threading.Lock()
_ocsf: dict[tuple[str, ...], dict] = {}


def _hub() -> SecurityHubBackend:
    return securityhub_backends[MANAGEMENT_ACCOUNT]["us-east-1"]


def _kept(named: dict) -> dict | None:
    """The finding of this Id and ProductArn."""
    return next((finding.data for finding in _hub().findings
                 if all(finding.data.get(name) == named.get(name) for name in ("Id", "ProductArn"))), None)


def _need(holds: bool, message: str, code: str = "InvalidInputException") -> None:
    if not holds:
        raise SecurityHubClientError(code, message)


def _some(request: dict, name: str, code: str = "InvalidInputException") -> list[dict]:
    items = request.get(name) or []
    _need(1 <= len(items) <= _MOST, f"{name} must have 1 to {_MOST} entries.", code)
    return items


def _values(document: dict, path: str) -> list:
    """What stands at a dotted path, in every item of the lists on the way."""
    found: list = [document]
    for name in path.split("."):
        found = [item[name] for item in found if isinstance(item, dict) and name in item]
        found = [one for item in found for one in (item if isinstance(item, list) else [item])]
    return found


def _event(finding: dict) -> dict:
    kind, resource = "Security Hub Findings - Imported", finding.get("Id")
    if "finding_info" in finding:
        kind, resource = "Findings Imported V2", finding["metadata"].get("uid") or finding["finding_info"]["uid"]
    return {"Source": "aws.securityhub", "DetailType": kind, "Resources": [resource],
            "Detail": json.dumps({"findings": [finding]})}


def _tell(events: list[dict]) -> None:
    """Puts events on the default bus of the management account."""
    for start in range(0, len(events), _EVENTS_OF_A_CALL):
        body = json.dumps({"Entries": events[start:start + _EVENTS_OF_A_CALL]}).encode()
        request = urllib.request.Request(os.environ["LOCAL_EVENTS"], body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=60).close()


def _to_import(finding: dict, region: str) -> dict:
    """A finding without what an import cannot change; one that has come back is new."""
    kept = _kept(finding)
    if kept is None:
        return {"Region": region, "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"}, **finding}
    taken = {name: value for name, value in finding.items() if name not in _OF_PEOPLE}
    was, now = ((state["RecordState"], *_values(state, "Compliance.Status")) for state in (kept, kept | taken))
    again = (was[0], now[0]) == ("ARCHIVED", "ACTIVE") or "PASSED" in was and "PASSED" not in now
    if again and kept["Workflow"]["Status"] in ("NOTIFIED", "RESOLVED"):
        taken["Workflow"] = {"Status": "NEW"}
    return taken


def batch_import_findings(self: SecurityHubResponse) -> str:
    failures, events = [], []
    with _lock:
        for finding in _some(json.loads(self.body), "Findings"):
            failed = _hub().batch_import_findings([_to_import(finding, self.region)])[2]
            failures += failed
            events += [] if failed else [_event(_kept(finding))]
    _tell(events)
    return json.dumps({"FailedCount": len(failures), "FailedFindings": failures, "SuccessCount": len(events)})


def get_findings(self: SecurityHubResponse) -> str:
    request = json.loads(self.body or b"{}")
    filters = request.get("Filters") or {}
    comparisons = {one.get("Comparison") for values in filters.values() for one in values}
    _need(set(filters) <= set(_FILTERS) and comparisons <= {"EQUALS"}, f"Only EQUALS and {list(_FILTERS)} are played.")
    with _lock:
        found = [finding for finding in _hub().findings
                 if all({one.get("Value") for one in values} & set(_values(finding.data, _FILTERS[name]))
                        for name, values in filters.items() if values)]
        # moto's pages, of a backend that has these only.
        page, token = SecurityHubBackend.get_findings(
            SimpleNamespace(findings=found), filters=filters, max_results=request.get("MaxResults"),
            next_token=request.get("NextToken"))
        return json.dumps({"Findings": page, "NextToken": token} if token else {"Findings": page})


def _update(identifiers: list[dict], find: Callable[[dict], dict | None], changes: dict, code: str) -> tuple:
    """Changes what is found. Answers what identifies that, and with the code what is not there."""
    processed, events = [], []
    with _lock:
        for identifier in identifiers:
            if finding := find(identifier):
                finding.update(changes)
                processed.append(identifier)
                events.append(_event(finding))
    _tell(events)
    return processed, [{"FindingIdentifier": one, "ErrorCode": code, "ErrorMessage": "Finding Not Found"}
                       for one in identifiers if one not in processed]


def batch_update_findings(self: SecurityHubResponse) -> str:
    request = json.loads(self.body)
    identifiers = _some(request, "FindingIdentifiers")
    changes = {name: request[name] for name in _CHANGEABLE if name in request}
    if "Workflow" in changes:
        _need(changes["Workflow"].get("Status") in _STATUSES, f"Workflow.Status must be in {_STATUSES}.")
    if "Note" in changes:
        text, who = changes["Note"].get("Text") or "", changes["Note"].get("UpdatedBy")
        _need(1 <= len(text) <= _MOST_TEXT and who, f"Note needs UpdatedBy and a Text of 1 to {_MOST_TEXT} characters.")
        changes["Note"] = {"Text": text, "UpdatedBy": who, "UpdatedAt": iso_8601_datetime_with_milliseconds()}
    processed, unprocessed = _update(identifiers, _kept, changes, "FindingNotFound")
    return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed})


def batch_update_findings_v2(self: SecurityHubResponse) -> str:
    request, code = json.loads(self.body), "ValidationException"
    identifiers, changes = _some(request, "FindingIdentifiers", code), {}
    if "Comment" in request:
        changes["comment"] = request["Comment"]
        _need(1 <= len(request["Comment"]) <= _MOST_TEXT, f"Comment must have 1 to {_MOST_TEXT} characters.", code)
    for name, texts in _OCSF_TEXTS.items():
        if (member := f"{name.capitalize()}Id") in request:
            text = {**dict(enumerate(texts)), 99: "Other"}.get(request[member])
            _need(text is not None, f"{member} must be 0 to {len(texts) - 1}, or 99.", code)
            changes |= {f"{name}_id": request[member], name: text}
    processed, unprocessed = _update(identifiers, lambda one: _ocsf.get(tuple(map(one.get, _OCSF_KEY))), changes,
                                     "ResourceNotFoundException")
    processed = [{"FindingIdentifier": identifier} for identifier in processed]
    return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed})


def remember(request: dict) -> dict:
    """`POST /_local/securityhub/findings-v2`: findings in OCSF that Security Hub made, whole, new or again."""
    findings = request.get("findings") or []
    keys = [tuple(uid for path in _OCSF_KEY.values() for uid in _values(one, path)) for one in findings]
    if any(len(key) != len(_OCSF_KEY) for key in keys):
        raise ValueError(f"a finding has {', '.join(_OCSF_KEY.values())}")
    with _lock:
        _ocsf.update(zip(keys, findings, strict=True))
    _tell([_event(finding) for finding in findings])
    return {"remembered": len(findings)}


def overview() -> dict:
    """`GET /_local/securityhub/findings-v2`."""
    return {"findings": list(_ocsf.values())}


def install() -> None:
    for method in (batch_import_findings, get_findings, batch_update_findings, batch_update_findings_v2):
        setattr(SecurityHubResponse, method.__name__, method)
    for path in ("findings/batchupdate", "findingsv2/batchupdatev2"):
        urls.url_paths[f"{{0}}/{path}$"] = SecurityHubResponse.dispatch
