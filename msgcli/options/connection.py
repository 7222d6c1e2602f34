"""The options of the connection, and what they come to."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from msgcli import connection, credentials, watch
from msgcli.client import Client
from msgcli.connection import Endpoint
from msgcli.durations import duration
from msgcli.errors import TimeFault, UsageFault
from msgcli.options.types import COUNT, DURATION, Bundle
from msgcli.report import Report
from msgcli.retry import Policy
from msgcli.trace import Trace


class ConnectionOptions(NamedTuple):
    """The values of the options as they were given."""

    values: dict[str, Any]

    def start_clock(self, report: Report, *, reader: bool) -> None:
        """From here on --timeout runs, and a `reader` of stdout that goes away is noticed."""
        timeout = self.values["timeout"]

        def expired() -> TimeFault:
            hint = "the request may have been processed and billed" if report.sent else None
            return TimeFault(f"--timeout: {duration(timeout)} are over", hint=hint)

        watch.start(timeout, reader=reader, expired=expired)

    def endpoint(self) -> Endpoint:
        """All that can be known of the endpoint without a connection; a fault if it cannot be."""
        v = self.values
        url = connection.base_url(v["base_url"])
        host = connection.host(url)
        loopback = connection.is_loopback(host)
        sent = connection.headers(given=v["header"], betas=v["beta"], api_version=v["api_version"])
        credential = credentials.find(
            key_file=v["api_key_file"], key_command=v["api_key_command"], scheme=v["auth"]
        )
        connection.authenticate(
            sent, credential, is_loopback=loopback, needs_none=v["auth"] == "none"
        )
        connection.check_transport(url, sent, is_loopback=loopback, allow_http=v["allow_http"])
        return Endpoint(
            base_url=url,
            host=connection.netloc(url),
            headers=sent,
            proxies=connection.proxies(url, v["proxy"], is_loopback=loopback),
            verify=connection.authorities(v["cacert"]),
            client_cert=connection.client_certificate(v["client_cert"], v["client_key"]),
            connect_timeout=v["connect_timeout"],
            idle_timeout=v["idle_timeout"],
        )

    def client(self, endpoint: Endpoint, report: Report, *, max_reply_size: int) -> Client:
        v = self.values
        policy = Policy(v["retries"], v["retry_max_time"], v["retry_all_errors"])
        trace = Trace(v["trace"], headers_on_stderr=v["verbose"] > 1)
        return Client(endpoint, policy, report, trace, max_reply_size)

    @property
    def verbose(self) -> bool:
        return bool(self.values["verbose"])


def _make(**values: Any) -> ConnectionOptions:
    for name in ("timeout", "connect_timeout", "idle_timeout"):
        if values[name] <= 0:
            raise UsageFault(f"--{name.replace('_', '-')}: a time limit is more than 0")
    return ConnectionOptions(values)


_o = click.option

connection_options = Bundle(
    "connection",
    _make,
    _o(
        "--base-url",
        metavar="URL",
        envvar=["MSGCLI_BASE_URL", "ANTHROPIC_BASE_URL"],
        default=connection.DEFAULT_URL,
        help=f"The endpoint; default {connection.DEFAULT_URL}.",
    ),
    _o("--api-key-file", metavar="FILE", help="The file that holds the key."),
    _o("--api-key-command", metavar="CMD", help="A shell command that prints the key."),
    _o(
        "--auth",
        metavar="SCHEME",
        type=click.Choice(["x-api-key", "bearer", "none"]),
        envvar="MSGCLI_AUTH",
        help="How the key is sent: x-api-key, bearer or none.",
    ),
    _o(
        "--api-version",
        metavar="DATE",
        default=connection.API_VERSION,
        help=f"anthropic-version; default {connection.API_VERSION}.",
    ),
    _o("--beta", metavar="NAME", multiple=True, help="A beta feature to ask for."),
    _o(
        "-H",
        "--header",
        metavar="'NAME: VALUE'",
        multiple=True,
        help="Send this header; 'NAME:' sends none.",
    ),
    _o(
        "--timeout",
        metavar="T",
        type=DURATION,
        envvar="MSGCLI_TIMEOUT",
        default="1h",
        help="End the whole run after T; default 1h.",
    ),
    _o(
        "--connect-timeout",
        metavar="T",
        type=DURATION,
        default="10s",
        help="Give up connecting after T; default 10s.",
    ),
    _o(
        "--idle-timeout",
        metavar="T",
        type=DURATION,
        default="10m",
        help="Give up when nothing comes for T; default 10m.",
    ),
    _o(
        "--retries",
        metavar="N",
        type=COUNT,
        envvar="MSGCLI_RETRIES",
        default=4,
        help="Try again at most N times; default 4.",
    ),
    _o(
        "--retry-max-time",
        metavar="T",
        type=DURATION,
        default="5m",
        help="Begin no attempt later than T; default 5m.",
    ),
    _o("--retry-all-errors", is_flag=True, help="Try again also what may have been billed."),
    _o("--proxy", metavar="URL", help="Connect through this proxy."),
    _o("--cacert", metavar="FILE", help="Trust these certificate authorities."),
    _o("--client-cert", metavar="FILE", help="The certificate that this client shows."),
    _o("--client-key", metavar="FILE", help="The key of that certificate."),
    _o("--allow-http", is_flag=True, help="Send the key unencrypted, beyond loopback too."),
    _o("-v", "--verbose", count=True, help="One line a request on stderr; -vv headers too."),
    _o("--trace", metavar="FILE", help="Write the whole exchange to FILE, without secrets."),
)
