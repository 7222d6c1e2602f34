"""The options of the connection, and what they come to."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Protocol

import click
from click.core import ParameterSource

from msgcli import connection, credentials, watch
from msgcli.client import Client
from msgcli.command import given_by, is_from_profile
from msgcli.connection import Endpoint
from msgcli.durations import duration
from msgcli.errors import TimeFault, UsageFault
from msgcli.options.types import COUNT, DURATION, Bundle
from msgcli.report import Report
from msgcli.retry import Policy
from msgcli.trace import Trace


class Sending(Protocol):
    """What knows whether a request is on its way."""

    @property
    def sent(self) -> bool: ...


class ConnectionOptions(NamedTuple):
    """The values of the options; `inherited` are those that the config file gave."""

    values: dict[str, Any]
    inherited: frozenset[str]

    def start_clock(self, report: Sending, *, reader: bool, by_default: bool = True) -> None:
        """From here on --timeout runs (its default only if `by_default`), and a `reader` of stdout
        that goes away is noticed."""
        timeout = self.values["timeout"]
        context = click.get_current_context()
        source = context.get_parameter_source("timeout")
        if source is ParameterSource.DEFAULT and not by_default:
            timeout = None
        name = next(given_by(context, p) for p in context.command.params if p.name == "timeout")

        def expired() -> TimeFault:
            hint = "the request may have been processed and billed" if report.sent else None
            return TimeFault(f"{name}: {duration(timeout)} are over", hint=hint)

        watch.start(timeout, reader=reader, expired=expired)

    def identity(self) -> tuple[str, dict[str, str]]:
        """What tells one endpoint from another: its URL, and the headers that are meant for it."""
        url = connection.base_url(self.values["base_url"])
        return f"{url}/v1/messages", connection.meaningful(self._sent())

    def endpoint(self) -> Endpoint:
        """All that can be known of the endpoint without a connection; a fault if it cannot be."""
        v = self.values
        url = connection.base_url(v["base_url"])
        host = connection.host(url)
        loopback = connection.is_loopback(host)
        sent = self._sent()
        credential = credentials.find(**self.key_sources(), scheme=v["auth"])
        connection.authenticate(
            sent, credential, is_loopback=loopback, needs_none=v["auth"] == "none"
        )
        connection.check_transport(url, sent, is_loopback=loopback, allow_http=v["allow_http"])
        return Endpoint(
            base_url=url,
            host=connection.netloc(url),
            headers=sent,
            proxies=self._proxies(url, is_loopback=loopback),
            verify=connection.authorities(
                v["cacert"], is_needed=url.startswith("https:") or not loopback
            ),
            client_cert=connection.client_certificate(v["client_cert"], v["client_key"]),
            connect_timeout=v["connect_timeout"],
            idle_timeout=v["idle_timeout"],
        )

    # Where the environment has no variable of one option's own, it comes before the profile here.

    def _sent(self) -> dict[str, str]:
        v = self.values
        return connection.headers(
            given=self._headers(), betas=v["beta"], api_version=v["api_version"]
        )

    def _headers(self) -> tuple[str, ...]:
        given: tuple[str, ...] = self.values["header"]
        if "header" not in self.inherited:
            return given
        custom = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
        return (*given, *(line for line in custom if line.strip()))

    def key_sources(self) -> dict[str, str | None]:
        """The key file and the key command that count. A flag and a key in the environment come
        before those of the profile; but the key of the environment is not for an endpoint that the
        profile names together with a key of its own."""
        given = {"key_file": "api_key_file", "key_command": "api_key_command"}
        flags = {
            key: None if name in self.inherited else self.values[name]
            for key, name in given.items()
        }
        keys = (os.environ.get("ANTHROPIC_API_KEY"), os.environ.get("ANTHROPIC_AUTH_TOKEN"))
        has_flag = any(value is not None for value in flags.values())
        if has_flag or (any(keys) and "base_url" not in self.inherited):
            return flags
        return {key: self.values[name] for key, name in given.items()}

    def _proxies(self, url: str, *, is_loopback: bool) -> dict[str, str]:
        given = self.values["proxy"]
        found = {}
        if "proxy" in self.inherited:
            found = connection.proxies(url, None, is_loopback=is_loopback)
        return found or connection.proxies(url, given, is_loopback=is_loopback)

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
    inherited = frozenset(name for name in values if is_from_profile(name))
    return ConnectionOptions(values, inherited)


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
    _o(
        "--cacert",
        metavar="FILE",
        envvar="REQUESTS_CA_BUNDLE",
        help="Trust these certificate authorities.",
    ),
    _o("--client-cert", metavar="FILE", help="The certificate that this client shows."),
    _o("--client-key", metavar="FILE", help="The key of that certificate."),
    _o("--allow-http", is_flag=True, help="Send the key unencrypted, beyond loopback too."),
    _o(
        "-v",
        "--verbose",
        count=True,
        type=COUNT,
        help="One line a request on stderr; -vv headers too.",
    ),
    _o("--trace", metavar="FILE", help="Write the whole exchange to FILE, without secrets."),
)
