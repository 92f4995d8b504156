"""Starts MiniStack with the extensions the suite needs.

Called by local_aws.py: `ministack_local.py --port PORT`; everything else is configured by MiniStack's own environment
variables. GATEWAY_PORT is the public port, the gateway's: MiniStack writes it into every URL that it hands out.
"""

import argparse
import asyncio
import resource

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from ministack_extensions import authorize, control, logs, maps, openapi, templates


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port

    templates.install()
    openapi.install()
    authorize.install()
    logs.install()
    maps.install()

    # Bursts of connections outgrow the usual soft limit of 1,024 open files.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(control.wrap(app), config))


if __name__ == "__main__":
    main()
