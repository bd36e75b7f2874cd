"""Fuzz the API as it is served: ``python -m benchmarks.fuzz [--examples 20] [--roles admin,student]``

gunicorn serves the project as in production, without rate limits, on a PostgreSQL and a Redis of its own with
the demo data. Schemathesis makes requests from the OpenAPI schema, valid and invalid ones, in all its phases,
the stateful one included, and compares every response with the schema by all its checks.

Prints the number of requests and of findings by role; ``var/bench/fuzz/`` has what Schemathesis says. Exits
with 1 if there are findings.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.servers import served, start_servers

USERS = {"admin": "admin", "student": "student1", "anonymous": None}
PASSWORD = "only-for-fuzzing"
BOT_SECRET = "secret"
BOT_HEADER = f"X-Telegram-Bot-Api-Secret-Token: {BOT_SECRET}"
# They may end the token that the other requests use, so they come after the others.
ENDING = ("auth_logout", "auth_password_change", "auth_tokens_destroy_all", "auth_tokens_destroy")
# Preconditions are compared before the body is read.
FAILED_PRECONDITION = "412"
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "429", FAILED_PRECONDITION]
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429", FAILED_PRECONDITION]
# No schema describes which passwords, tokens, names, rows and moments they accept, nor a price in cents.
WITH_SECRETS = ("auth_email_verify", "auth_password_change", "auth_password_reset_confirm", "auth_register")
MORE_THAN_FORM = (
    *(".*_(create|update|partial_update)", "me_destroy", "tasks_bulk"),
    *("courses_list", "subscriptions_list", "users_list"),
    *("auth_telegram_confirm", "auth_token", "lists_hand_over", *WITH_SECRETS),
)
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DEBUG": "0",
    "DJANGO_SECRET_KEY": "only-for-fuzzing-" + "x" * 50,
    "TELEGRAM_WEBHOOK_SECRET": BOT_SECRET,
}


def prepare() -> Path:
    """Start the servers, load the demo data, and return the folder for logs."""
    folder = start_servers("fuzz")
    os.environ |= PRODUCTION
    import django
    from django.conf import settings

    django.setup()
    for scope in settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]:
        os.environ[f"THROTTLE_{scope.upper().replace('-', '_')}"] = "off"  # of the server
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    call_command("demo", password=PASSWORD, stdout=sys.stderr)
    call_command("spectacular", format="openapi-json", file=str(folder / "schema.json"))
    check_names(json.loads((folder / "schema.json").read_text()))
    return folder


def check_names(schema: dict[str, Any]) -> None:
    """Raise SystemExit if an operation that is named here has another name: it would be treated as others."""
    operations = [one for path in schema["paths"].values() for one in path.values() if isinstance(one, dict)]
    names = [one["operationId"] for one in operations if "operationId" in one]
    for name in (*ENDING, *MORE_THAN_FORM):
        if not any(re.fullmatch(name, known) for known in names):
            raise SystemExit(f"The schema has no operation {name}.")


def new_token(role: str) -> str | None:
    """Return an access token of the role's user, None for anonymous."""
    from django.contrib.auth.models import User

    from accounts.actions import issue_access_token

    username = USERS[role]
    return issue_access_token(user=User.objects.get(username=username)) if username else None


def config(folder: Path) -> Path:
    """Write the configuration of Schemathesis, and return its path."""
    file = folder / "schemathesis.toml"
    file.write_text(f"""
[checks]
positive_data_acceptance.expected-statuses = {ACCEPTED}
negative_data_rejection.expected-statuses = {REFUSED}

[[operations]]
include-operation-id-regex = "^({"|".join(MORE_THAN_FORM)})$"
checks.positive_data_acceptance.expected-statuses = {[*ACCEPTED, "400"]}

[[operations]]
include-operation-id = "courses_leave"
checks.ensure_resource_availability.enabled = false  # 404: the course is there, the enrolment is not
""")
    return file


def fuzz(folder: Path, port: int, role: str, name: str, options: list[str]) -> dict[str, Any]:
    """Run Schemathesis as a user of the role, and return its report."""
    report, log = folder / f"{name}.json", folder / f"{name}.log"
    token = new_token(role)
    # The bot's addresses answer 403 to all others, whatever the method, and would be left out.
    headers = [BOT_HEADER, *([f"Authorization: Token {token}"] if token else [])]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config(folder)), "run"]
    command += [str(folder / "schema.json"), "--no-color"]
    command += ["--url", f"http://127.0.0.1:{port}", "--checks", "all", "--continue-on-failure"]
    # With them its stateful phase sends numbers as headers, and fails.
    command += ["--generation-with-security-parameters", "false"]
    command += ["--suppress-health-check", "all", "--report-json-path", str(report), *options]
    command += [word for header in headers for word in ("-H", header)]
    with log.open("w") as output:
        subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def show(role: str, reports: list[dict[str, Any]]) -> int:
    """Print a row of the table, and return the number of findings."""
    cases = sum(report["test_cases"]["generated"] for report in reports)
    groups = [group for report in reports for group in report["failures"] + report["errors"]]
    groups += [
        {"title": f"stopped: {report['stop_reason']}", "count": 1}
        for report in reports
        if not report["complete"]
    ]
    found = ", ".join(f"{group['title']}: {group['count']}" for group in groups)
    print(f"{role:<10} {cases:>7,}  {found or 'none'}", flush=True)
    return sum(group["count"] for group in groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="per operation and phase (%(default)s)")
    parser.add_argument("--roles", default=",".join(USERS), help="%(default)s")
    parser.add_argument("--seed", default="1", help="%(default)s")
    arguments = parser.parse_args()
    folder = prepare()
    options = ["--max-examples", str(arguments.examples), "--seed", arguments.seed, "--workers", "1"]
    selections = {
        "others": [word for operation in ENDING for word in ("--exclude-operation-id", operation)],
        "ending": [word for operation in ENDING for word in ("--include-operation-id", operation)],
    }
    findings = 0
    with served(folder / "server.log") as port:
        print(f"{'role':<10} {'cases':>7}  findings", flush=True)
        for role in arguments.roles.split(","):
            reports = [
                fuzz(folder, port, role, f"{role}-{name}", [*options, *selection])
                for name, selection in selections.items()
            ]
            findings += show(role, reports)
    if findings:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
