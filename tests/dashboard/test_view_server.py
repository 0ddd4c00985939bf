"""The live page's server: who may see it, and that it needs nothing from elsewhere."""

import asyncio
import http.client
import os
import re
import socket
import subprocess
import sys

import pytest

pytest.importorskip("solara_assets", reason="the extra view is not installed")
pytest.importorskip("PIL", reason="the extra view is not installed")

from sim.cli import main
from sim.dashboard import server
from sim.dashboard.texts import own
from sim.errors import InputError

LONGEST = 300  # seconds that anything may take; a busy machine is slow


def test_it_listens_on_this_computer_only_and_says_if_a_port_is_taken():
    with server.listen() as first, server.listen() as second:
        assert first.getsockname()[0] == second.getsockname()[0] == "127.0.0.1"
        assert first.getsockname()[1] != second.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {first.getsockname()[1]} cannot be used"):
            server.listen(first.getsockname()[1])


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "solara_assets" else object())
    with pytest.raises(SystemExit) as stopped:
        main(["view", "merida", "--no-browser"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and "solara[assets]" in said and "pip install 'confianza[view]'" in said and "Traceback" not in said


def test_what_cannot_be_shown_is_refused_before_anything_is_compiled(capsys, tmp_path):
    (tmp_path / "late.yaml").write_text("name: x\nscenario: merida\narms: {late: [{training: {start: 500}}]}\nweeks: 600\n")
    with server.listen() as taken:
        bad = {
            ("no-such-city",): "no-such-city",
            ("merida", "--lang", "fr"): "'fr'",
            ("merida", "--folder", str(tmp_path / "none")): "is no folder",
            ("merida", "--port", str(taken.getsockname()[1])): "cannot be used",
            ("merida", "--arms", str(tmp_path / "late.yaml")): "late.yaml",
        }
        for arguments, said in bad.items():
            with pytest.raises(SystemExit) as stopped:
                main(["view", *arguments, "--no-browser"])
            written = capsys.readouterr()
            assert stopped.value.code == 2 and said in written.err, arguments
            assert "Traceback" not in written.err and "Ready" not in written.out


TOKEN, TICKET = "our-own-token", "good-for-once"
KEY = (b"cookie", b"other=1; confianza-8521=our-own-token")


def asked(headers, kind="http", query=b"", guard=None):
    """What the guard answers: the status, or the messages of a websocket."""
    sent, passed = [], []
    guard = guard or server.Guard(None, 8521, TOKEN, TICKET)

    async def inner(scope, receive, send):
        passed.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    guard.app = inner
    asyncio.run(guard({"type": kind, "headers": headers, "query_string": query}, None, send))
    return bool(passed), sent


HOST, EVIL = (b"host", b"127.0.0.1:8521"), (b"host", b"evil.example:8521")


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ([HOST], True),
        ([(b"host", b"localhost:8521")], True),
        ([HOST, (b"origin", b"http://127.0.0.1:8521")], True),
        ([EVIL], False),  # a name of somebody else that leads here (DNS rebinding)
        ([(b"host", b"127.0.0.1:1")], False),
        ([(b"host", b"127.0.0.1")], False),
        ([], False),
        ([HOST, EVIL], False),
        ([HOST, (b"origin", b"https://evil.example")], False),
        ([HOST, (b"origin", b"null")], False),
        ([HOST, (b"origin", b"http://127.0.0.1:9999")], False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_guard_lets_in_only_its_own_pages(headers, let_in, kind):
    passed, sent = asked([*headers, KEY], kind)
    assert passed == let_in
    if kind == "http":
        named = dict(sent[0]["headers"])
        assert sent[0]["status"] == (200 if let_in else 403)
        assert b"frame-ancestors 'none'" in named[b"content-security-policy"] and named[b"x-frame-options"] == b"DENY"
    elif not let_in:
        assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "cookie", [b"", b"confianza-8521=", b"confianza-8521=guess", b"confianza-1=our-own-token", b"x=confianza-8521=our-own-token"]
)
@pytest.mark.parametrize("query", [b"", b"token=", b"token=guess", b"other=our-own-token", b"token=\xc3\xb1&token=our-own-token"])
def test_who_does_not_know_the_token_is_refused(kind, cookie, query):
    passed, sent = asked([HOST, (b"cookie", cookie)], kind, query)
    assert not passed
    if kind == "http":
        assert sent[0]["status"] == 403 and b"set-cookie" not in dict(sent[0]["headers"])


def test_the_token_in_the_address_becomes_a_cookie():
    passed, sent = asked([HOST], query=b"token=our-own-token")
    assert passed and dict(sent[0]["headers"])[b"set-cookie"] == b"confianza-8521=our-own-token; Path=/; HttpOnly; SameSite=Strict"
    assert not asked([HOST], "websocket", b"token=our-own-token")[0]  # pages open these, and they have the cookie
    assert not asked([EVIL], query=b"token=our-own-token")[0]


def test_a_ticket_is_good_for_one_visit():
    guard = server.Guard(None, 8521, TOKEN, TICKET)
    assert not asked([EVIL], query=b"token=good-for-once", guard=guard)[0]
    passed, sent = asked([HOST], query=b"token=good-for-once", guard=guard)
    assert passed and b"our-own-token" in dict(sent[0]["headers"])[b"set-cookie"]
    assert not asked([HOST], query=b"token=good-for-once", guard=guard)[0]
    assert asked([HOST, KEY], query=b"token=good-for-once", guard=guard)[0]  # whoever has been there may load it again


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The command's own server: its port, a proxy that nothing may ask for anything, what it said, its folder and its token."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "small.yaml").write_text("name: Small\ncity: {adults: 1000}\nweeks: 30\nspin_up_weeks: 4\n")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        away = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), away)
        command = [sys.executable, "-m", "sim.cli", "view", str(folder / "small.yaml"), "--lang", "es", "--no-browser"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **proxies}
        ) as process:
            said = ""
            while "Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            port, token = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", said).groups()
            yield int(port), proxy, said, folder, token
            process.terminate()


def key(served):
    """What a browser sends that has opened the page."""
    return {"Cookie": f"confianza-{served[0]}={served[4]}"}


def got(served, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", served[0], timeout=60)
    try:
        connection.request("GET", path, headers=key(served) if headers is None else headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.compiled
def test_it_compiles_first_and_says_so(served):
    _, _, said, folder, _ = served
    assert said.index("se compila el modelo") < said.index("Listo en") < said.index("La ciudad en vivo")
    assert f"Los escenarios se guardan en {folder}" in said.replace("\n", "")
    assert "Traceback" not in said and "Warning" not in said


@pytest.mark.compiled
def test_everything_comes_from_the_disk(served):
    proxy = served[1]
    status, html = got(served, "/")
    assert status == 200 and re.findall(rb'(?:src|href)="(?:https?:)?//[^"]*', html) == []
    asked_for = {part.split(b'"')[0].decode() for part in html.split(b'"/_solara/cdn/')[1:]}
    assert len(asked_for) >= 3
    for name in sorted(name for name in asked_for if name.endswith((".js", ".css"))):
        assert got(served, f"/_solara/cdn/{name}")[0] == 200
    assert got(served, "/_solara/cdn/vue@2/not-on-this-disk.js")[0] == 404
    proxy.settimeout(0.5)
    with pytest.raises(TimeoutError):  # nobody asked the network for it, nor for anything else
        proxy.accept()


@pytest.mark.compiled
@pytest.mark.parametrize("path", ["/", "/?token=guess", "/static/main-vuetify.js", "/jupyter/api/kernels/abc"])
def test_other_users_of_this_computer_get_nothing(served, path):
    status, said = got(served, path, {})
    assert status == 403 and "confianza view" in said.decode() and served[4] not in said.decode()
    assert got(served, f"/?token={served[4]}", {})[0] == 200


@pytest.mark.compiled
def test_what_solara_says_itself_is_said_in_both_languages(served):
    html = got(served, "/")[1].decode()
    assert '<html lang="es">' in html
    overlays = re.search(r'<script type="x-template".*?</script>', html, re.DOTALL)[0]
    spoken = re.findall(r'<span class="spoken" lang="(..)">([^<]+)</span>', overlays)
    for language in ("en", "es"):
        assert {text for each, text in spoken if each == language} == set(own(language)["overlays"].values())
    bare = re.sub(r'<span class="spoken".*?</span>|<!--.*?-->|\{\{.*?\}\}', "", overlays, flags=re.DOTALL)
    left = {" ".join(text.split()) for text in re.findall(r">([^<>]*[a-z][^<>]*)<", bare)}
    assert left == {'A widget with mount-id="solara-main" should go here', "mdi-trash-can-outline", "mdi-bug-outline"}


@pytest.mark.compiled
@pytest.mark.parametrize(
    "path", ["/_solara/cdn/..%2f..%2f..%2f..%2fetc/passwd", "/static/../../../../etc/passwd", "/static/public/small.yaml"]
)
def test_no_path_leads_to_other_files(served, path):
    text = got(served, path)[1]
    assert b"root:" not in text and b"adults" not in text


@pytest.mark.compiled
def test_other_names_and_other_sites_are_refused(served):
    port = served[0]
    assert got(served, "/", {**key(served), "Host": f"evil.example:{port}"})[0] == 403
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    path = "/jupyter/api/kernels/abc/channels?session_id=abc"
    assert got(served, path, {**upgrade, **key(served), "Origin": "https://evil.example"})[0] == 403
    assert got(served, path, {**upgrade, "Origin": f"http://127.0.0.1:{port}"})[0] == 403
    with socket.create_connection(("127.0.0.1", port), LONGEST) as own_page:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in {**upgrade, **key(served)}.items()]
        own_page.sendall("\r\n".join([*lines, "", ""]).encode())
        assert own_page.recv(12) == b"HTTP/1.1 101"
