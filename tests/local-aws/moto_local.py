"""Starts moto's server with the extensions the suite needs, and an organization to work in.

Called by local_aws.py: `moto_local.py --port PORT`. LOCAL_TIME_SCALE says how many times faster than on AWS time runs,
LOCAL_EVENTS where services put their events.
"""

import argparse
import json

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from moto_extensions import (
    abac, account, ai_controls, batches, budgets, capacity, cloudformation, cloudtrail, compute_controls, cost_outlook,
    cost_requests, costexplorer, costs, data_controls, iam, metrics, organizations, policies, securityhub, sts, tagging,
    workloads,
)


def control(application):
    """The tests' own paths, `/_local/…`, in front of moto."""
    paths = {
        ("GET", "/_local/organizations"): lambda _: organizations.overview(),
        ("POST", "/_local/organizations/outcomes"): organizations.plan_outcome,
        ("DELETE", "/_local/organizations/outcomes"): lambda _: organizations.forget_outcomes(),
        ("POST", "/_local/cloudtrail/events"): cloudtrail.remember,
        ("DELETE", "/_local/cloudtrail/events"): lambda _: cloudtrail.forget(),
        ("POST", "/_local/organizations/policies"): policies.set_limits,
        ("POST", "/_local/costs"): costs.set_costs,
        ("DELETE", "/_local/costs"): lambda _: costs.forget_costs(),
        ("POST", "/_local/costs/resources"): costexplorer.set_costs,
        ("POST", "/_local/costs/outlook"): cost_outlook.set_outlook,
        ("DELETE", "/_local/costs/outlook"): lambda _: cost_outlook.forget_outlook(),
        ("GET", "/_local/costs/requests"): lambda _: cost_requests.overview(),
        ("DELETE", "/_local/costs/requests"): lambda _: cost_requests.forget_requests(),
        ("POST", "/_local/costs/faults"): cost_requests.plan_fault,
        ("DELETE", "/_local/costs/faults"): lambda _: cost_requests.forget_faults(),
        ("POST", "/_local/budgets/spend"): budgets.set_spend,
        ("POST", "/_local/metrics"): metrics.remember,
        ("DELETE", "/_local/metrics"): lambda _: metrics.forget(),
        ("POST", "/_local/metrics/troubles"): metrics.plan_trouble,
        ("POST", "/_local/workloads"): workloads.age,
        ("GET", "/_local/securityhub/findings-v2"): lambda _: securityhub.overview(),
        ("POST", "/_local/securityhub/findings-v2"): securityhub.remember,
    }

    def wrapped(environ, start_response):
        path = environ["PATH_INFO"]
        if not path.startswith("/_local/"):
            return application(environ, start_response)
        handler = paths.get((environ["REQUEST_METHOD"], path))
        if handler is None:
            status, document = "404 Not Found", {"message": f"no control path {environ['REQUEST_METHOD']} {path}"}
        else:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            try:
                status, document = "200 OK", handler(json.loads(body or b"{}"))
            except (TypeError, ValueError) as error:
                status, document = "400 Bad Request", {"message": str(error)}
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    return wrapped


class QuietHandler(MotoRequestHandler):
    """Werkzeug's handler without a line of log per request, and with connections that stay open."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_arguments) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    for extension in (iam, policies, organizations, sts, account, cloudformation, tagging, abac, cloudtrail,
                      costexplorer, costs, cost_outlook, budgets, metrics, ai_controls, compute_controls, data_controls,
                      securityhub, batches, capacity, workloads):
        extension.install()
    application = control(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
