"""The embedded AWS of this clone: `local_aws.py up` starts it and deploys the suite into it, `down` stops it.

Run it with the Python of the environment that requirements.txt describes. `up` on a running stack deploys again.
Everything it leaves behind is in `.local/` at the root of the repository: outputs.json, state.json, logs, tmp.
LOCAL_AWS_PORT fixes the public port; LOCAL_TIME_SCALE (20) says how many times faster than on AWS time runs.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import boto3

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOCAL = ROOT / ".local"
STATE, OUTPUTS, LOGS, TEMPORARY = LOCAL / "state.json", LOCAL / "outputs.json", LOCAL / "logs", LOCAL / "tmp"
TEMPLATE, CONFIG, BUILT = ROOT / "sam/template.yaml", ROOT / "sam/samconfig.toml", ROOT / ".aws-sam/build"
TOOLS = Path(sys.executable).parent

REGION = "us-east-1"
ACCOUNT = "123456789012"
TIME_SCALE = os.environ.get("LOCAL_TIME_SCALE", "20")
# How the first user is made; MiniStack trusts this key whatever the secret, so nothing else uses it.
ROOT_KEY = {"accessKeyId": "LOCALAWSROOT00000000", "secretAccessKey": "local-aws-root"}


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# --- Processes -------------------------------------------------------------------------------------------------------


def started_at(pid: int) -> str | None:
    """When a process started, in clock ticks since boot: with the pid, this names one process for good."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def start(name: str, command: list, environment: dict[str, str]) -> dict:
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command], env=environment, cwd=LOCAL, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    return {"name": name, "pid": process.pid, "started": started_at(process.pid)}


def alive(process: dict) -> bool:
    return process["started"] is not None and started_at(process["pid"]) == process["started"]


def stop(process: dict) -> None:
    """Ends a process and the functions it runs: each part has a process group of its own."""
    for wait, how in ((5, signal.SIGTERM), (5, signal.SIGKILL)):
        if not alive(process):
            return
        os.killpg(process["pid"], how)
        deadline = time.monotonic() + wait
        while alive(process) and time.monotonic() < deadline:
            time.sleep(0.05)


def read_state() -> dict | None:
    return json.loads(STATE.read_text()) if STATE.exists() else None


def write_json(path: Path, document: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def down() -> None:
    state = read_state()
    if state:
        for process in reversed(state["processes"]):
            stop(process)
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    for file in (STATE, OUTPUTS):
        file.unlink(missing_ok=True)


# --- The three parts -------------------------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def wait_for(url: str, process: dict) -> dict:
    """The first answer of a part that has come up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not alive(process):
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{process['name']} did not come up; see {LOGS / process['name']}.log")


def clean_environment() -> dict[str, str]:
    """This environment without AWS settings of the person's own and without trust stores that change start-up times."""
    dropped = ("AWS_", "SSL_CERT_", "LOCALSTACK_", "MOTO_", "MINISTACK_", "http_proxy", "https_proxy", "HTTP_PROXY",
               "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def start_all(gateway: Path) -> dict:
    """Starts moto, MiniStack and the gateway, and makes the user whose key outputs.json names."""
    down()
    shutil.rmtree(LOGS, ignore_errors=True)
    TEMPORARY.mkdir(parents=True)
    public, ministack, moto = free_ports(3)
    public = int(os.environ.get("LOCAL_AWS_PORT", public))
    state = {"endpoint": f"http://127.0.0.1:{public}", "port": public, "processes": []}
    environment = {**clean_environment(), "TMPDIR": str(TEMPORARY), "PYTHONUNBUFFERED": "1",
                   "LOCAL_TIME_SCALE": TIME_SCALE}

    def run(name: str, command: list, url: str, **settings: str) -> dict:
        process = start(name, command, {**environment, **settings})
        state["processes"].append(process)
        write_json(STATE, state)
        return wait_for(url, process)

    organization = run(
        "moto", [sys.executable, HERE / "moto_local.py", "--port", moto],
        f"http://127.0.0.1:{moto}/_local/organizations", MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        LOCAL_EVENTS=f"http://127.0.0.1:{ministack}/_local/events")
    run("ministack", [sys.executable, HERE / "ministack_local.py", "--port", ministack],
        f"http://127.0.0.1:{ministack}/_ministack/health",
        AUTH="true", GATEWAY_PORT=str(public), MINISTACK_ACCOUNT_ID=ACCOUNT, MINISTACK_REGION=REGION,
        AWS_ACCESS_KEY_ID=ROOT_KEY["accessKeyId"], AWS_SECRET_ACCESS_KEY=ROOT_KEY["secretAccessKey"],
        AWS_ENDPOINT_URL=state["endpoint"], AWS_DEFAULT_REGION=REGION, LAMBDA_EXECUTOR="local",
        SFN_WAIT_SCALE=str(1 / float(TIME_SCALE)), LAMBDA_ASYNC_RETRY_BASE_SECONDS=str(60 / float(TIME_SCALE)),
        IOT_MTLS_ENABLED="0", SFTP_ENABLED="0", LOG_LEVEL="WARNING",
        LOCAL_ORGANIZATION_ID=organization["organizationId"])
    run("gateway", [gateway, "--port", public, "--ministack", f"127.0.0.1:{ministack}", "--moto", f"127.0.0.1:{moto}",
                    "--account", ACCOUNT], f"{state['endpoint']}/_local/health")
    state["credentials"] = make_user(state["endpoint"])
    write_json(STATE, state)
    return state


def client(service: str, endpoint: str, credentials: dict):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION,
                        aws_access_key_id=credentials["accessKeyId"],
                        aws_secret_access_key=credentials["secretAccessKey"])


def make_user(endpoint: str) -> dict:
    """An administrator with a key whose signatures are checked, unlike the root key's."""
    iam = client("iam", endpoint, ROOT_KEY)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.create_user(UserName="administrator")
    iam.put_user_policy(UserName="administrator", PolicyName="everything", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="administrator")["AccessKey"]
    return {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}


# --- Deployment ------------------------------------------------------------------------------------------------------


def overrides(config: dict) -> list[str]:
    """The parameters of samconfig.toml's `local`, with the two that this machine decides."""
    bundles = (ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
               "/etc/pki/tls/certs/ca-bundle.crt")
    host = {"Architecture": {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()],
            "CertificateBundle": next(path for path in bundles if path and Path(path).exists())}
    listed = config.get("global", {}).get("parameters", {}).get("parameter_overrides", [])
    kept = [item for item in listed if item.split("=")[0] not in host]
    return [*kept, *(f"{name}={value}" for name, value in host.items())]


def sam(verb: str, environment: dict[str, str], *options: str) -> None:
    command = [str(TOOLS / "sam"), verb, "--config-file", str(CONFIG), "--config-env", "local", *options]
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr).returncode:
        raise SystemExit(f"sam {verb} failed")


def deploy(state: dict) -> None:
    """The real `sam build` and `sam deploy`."""
    config = tomllib.loads(CONFIG.read_text())["local"]
    parameters = ["--parameter-overrides", *overrides(config)]
    credentials = state["credentials"]
    environment = {**clean_environment(), "SAM_CLI_TELEMETRY": "0", "SAM_BUILD_MODE": "debug",
                   # The host's own linker instead of zig's: the artefacts are then those of a plain `cargo build`.
                   "CARGO_LAMBDA_COMPILER": "cargo",
                   "AWS_ENDPOINT_URL": state["endpoint"], "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION,
                   "AWS_ACCESS_KEY_ID": credentials["accessKeyId"],
                   "AWS_SECRET_ACCESS_KEY": credentials["secretAccessKey"]}
    sam("build", environment, "--template-file", str(TEMPLATE), "--build-dir", str(BUILT), *parameters)
    sam("deploy", environment, "--template-file", str(BUILT / "template.yaml"), "--no-progressbar", *parameters)
    write_outputs(state, config["global"]["parameters"]["stack_name"])


def write_outputs(state: dict, stack_name: str) -> None:
    cloudformation = client("cloudformation", state["endpoint"], state["credentials"])
    stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
    port = state["port"]
    document = {"endpoint": state["endpoint"], "region": REGION, "credentials": state["credentials"], **outputs}
    api = re.match(r"https?://(\w+)\.execute-api\.[^/]+/(\w+)", outputs.get("ApiUrl", ""))
    if api:
        document["apiUrl"] = f"http://{api[1]}.execute-api.localhost:{port}/{api[2]}"
        document["apiUrlLocal"] = f"http://127.0.0.1:{port}/_aws/execute-api/{api[1]}/{api[2]}"
    write_json(OUTPUTS, document)


def up(gateway: Path, deploys: bool) -> None:
    if not gateway.exists():
        raise SystemExit(f"{gateway} is not built; see the Makefile")
    began = time.monotonic()
    state = read_state()
    if not (state and "credentials" in state and all(alive(process) for process in state["processes"])):
        state = start_all(gateway)
    say(f"embedded AWS at {state['endpoint']} after {time.monotonic() - began:.1f} s")
    if deploys:
        deploy(state)
        say(f"deployed after {time.monotonic() - began:.1f} s; see {OUTPUTS}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start, build, deploy")
    starting.add_argument("--gateway", type=Path, required=True, help="the built local-aws-gateway")
    starting.add_argument("--no-deploy", action="store_true", help="only start the emulators")
    commands.add_parser("down", help="stop what `up` started")
    arguments = parser.parse_args()
    if arguments.command == "up":
        up(arguments.gateway.resolve(), not arguments.no_deploy)
    else:
        down()


if __name__ == "__main__":
    main()
