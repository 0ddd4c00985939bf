"""Serves the page to this computer's browser and to nobody else, with everything the page needs from the disk.

Solara's server does the work. Before it stands a guard that refuses whoever does not know the page's token, other names of this
address (DNS rebinding), scripts and frames of other sites, and anything the page might want to load from elsewhere. Nothing is
asked of the network: the page's scripts come with solara-assets, and Solara's usage statistics are switched off.
"""

import re
import secrets
import socket
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sim.errors import InputError

HOST = "127.0.0.1"
PORT = 8521
NEEDED = {"solara": "solara", "starlette": "solara", "uvicorn": "solara", "solara_assets": "solara[assets]", "PIL": "pillow"}
REMEDY = "Install it with: pip install 'confianza[view]'"
PAGE = "sim.dashboard.page"
REFUSED = (
    "This page opens with the address that confianza view has printed, token included, on the same computer.\n"
    "Esta página se abre con la dirección que imprimió confianza view, con todo y token, en la misma computadora.\n"
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def check_installed() -> None:
    """InputError if packages of the extra `view` are missing."""
    if missing := sorted({package for module, package in NEEDED.items() if find_spec(module) is None}):
        raise InputError(f"the live page needs {', '.join(missing)}, which is not installed.", REMEDY)


def listen(port: int | None = None) -> socket.socket:
    """A socket on this computer alone; without `port` the usual one, or any if that is taken. InputError if `port` is taken."""
    for candidate in (PORT, 0) if port is None else (port,):
        try:
            return socket.create_server((HOST, candidate))
        except OSError as error:
            reason = error.strerror or str(error)
    raise InputError(f"port {port} cannot be used: {reason}.", "Take another one, or leave it out.", file="--port")


class Guard:
    """An ASGI application around another one, which answers only those who know its token, and pages that it served itself.

    port    on which it is served
    token   a secret. Who has it in the address gets it as a cookie, and is known by that from then on
    ticket  another one, good for one visit: other users of this computer may see with which address a browser was started
    """

    def __init__(self, app: Any, port: int, token: str, ticket: str | None = None):
        self.app, self.token, self.ticket = app, token, ticket
        self.cookie = f"confianza-{port}={token}".encode()  # browsers do not tell ports of one host apart
        self.hosts = {f"{name}:{port}".encode() for name in (HOST, "localhost")}
        self.origins = {b"http://" + host for host in self.hosts}
        sockets = " ".join(f"ws://{host.decode()}" for host in sorted(self.hosts))
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data:; font-src 'self' data:; connect-src 'self' {sockets}; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-frame-options", b"DENY"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]

    def allows(self, scope: Scope) -> bool:
        """Is it addressed by this computer's own name, and not sent by another site's page?"""
        given = scope["headers"]
        hosts = [value for name, value in given if name == b"host"]
        origins = [value for name, value in given if name == b"origin"]
        return len(hosts) == 1 and hosts[0] in self.hosts and self.origins.issuperset(origins)

    def known(self, scope: Scope) -> bool:
        """Is the token there as a cookie?"""
        given = [part.strip() for name, value in scope["headers"] if name == b"cookie" for part in value.split(b";")]
        return any(secrets.compare_digest(part, self.cookie) for part in given)

    def admits(self, scope: Scope) -> bool:
        """Is the page opened with the token, or with the ticket, which is then used up?"""
        query = scope["query_string"].decode("latin-1") if scope["type"] == "http" else ""
        given = parse_qs(query).get("token", [""])[0].encode()
        if self.ticket is not None and secrets.compare_digest(given, self.ticket.encode()):
            self.ticket = None
            return True
        return secrets.compare_digest(given, self.token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = scope["type"] == "lifespan" or (self.allows(scope) and (self.known(scope) or self.admits(scope)))
        headers = [*self.headers, (b"set-cookie", self.cookie + b"; Path=/; HttpOnly; SameSite=Strict")] if allowed else self.headers

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        if allowed:
            await self.app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it was accepted: answered with 403
        else:
            plain = [(b"content-type", b"text/plain; charset=utf-8")]
            await with_headers({"type": "http.response.start", "status": 403, "headers": plain})
            await send({"type": "http.response.body", "body": REFUSED.encode()})


def application(port: int, token: str, ticket: str | None = None, language: str = "en") -> Guard:
    """Solara with the page, behind the guard. InputError if files the browser needs are not on this computer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks of Solara on Mesa's own components
        import solara.server.settings as settings
        import solara.settings

        solara.settings.assets.cdn = ""  # what is not on the disk is not found, and never fetched
        settings.telemetry.mixpanel_enable = False
        settings.main.mode = "production"
        settings.main.base_url, settings.main.root_path = f"http://{HOST}:{port}/", ""
        settings.theme.show_banner, settings.theme.loader, settings.theme.title = False, "plain", "Confianza"
        settings.kernel.cull_timeout = "10m"  # a page that lost its connection for so long is given up
        from solara.server.app import AppScript, apps
        from solara.server.server import directory, get_jinja_env, read_root
        from solara.server.starlette import app

        from sim.dashboard.overlays import loader

        if "__default__" not in apps:
            apps["__default__"] = AppScript(PAGE)
        get_jinja_env(app_name="__default__").loader = loader(str(directory / "templates"), language)
        html = read_root("/") or ""
    assets = Path(settings.assets.proxy_cache_dir)
    if absent := [name for name in re.findall(r'"/_solara/cdn/([^"]+\.(?:js|css))"', html) if not (assets / name).is_file()]:
        raise InputError(f"the page's scripts are not on this computer ({absent[0]} is missing).", REMEDY)
    return Guard(app, port, token, ticket)


def serve(listening: socket.socket, token: str, ticket: str | None = None, language: str = "en") -> None:
    """Answer requests of those who know the token, or have the ticket, until Ctrl-C (KeyboardInterrupt)."""
    import uvicorn

    port = listening.getsockname()[1]
    app = application(port, token, ticket, language)
    config = uvicorn.Config(
        app, log_level="error", access_log=False, loop="asyncio", proxy_headers=False, server_header=False, timeout_graceful_shutdown=1
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"solara\..*")
        uvicorn.Server(config).run(sockets=[listening])
