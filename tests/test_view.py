"""The live page's server, its words and what its buttons do, without a browser (tests/test_view_browser.py has one)."""

import asyncio
import http.client
import os
import re
import socket
import string
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("solara_assets", reason="the extra view is not installed")
pytest.importorskip("PIL", reason="the extra view is not installed")

from sim.cli import main
from sim.dashboard import server
from sim.dashboard.controls import live_topics, step_of
from sim.dashboard.stage import Stage, View
from sim.dashboard.texts import FOLDER, own, texts
from sim.errors import InputError
from sim.parameters import CODEBOOK
from sim.reforms import reforms
from sim.scenario import Scenario, load_scenario
from sim.world.anatomy import built_only
from sim.world.interventions import REFORMS, levers

SMALL = {"name": "Small", "city": {"adults": 1000}, "weeks": 30, "spin_up_weeks": 4, "seed": 3}
ARMS = {"course": reforms([{"training": {"start": 2, "coverage": 0.9}}])}


@pytest.fixture
def stage(tmp_path):
    return Stage(View(Scenario(**SMALL), ARMS, "en", tmp_path))


# What the buttons do.


def test_a_change_holds_in_all_arms_and_a_refusal_is_told(stage):
    arena = stage.arena.value
    assert stage.attempt(lambda: arena.set_parameter("trust.contact_loss", 0.5))
    stage.step()
    assert [lane.simulation.parameters.trust.contact_loss for lane in arena.lanes.values()] == [0.5, 0.5]
    assert not stage.attempt(lambda: arena.set_parameter("trust.contact_loss", 5))
    assert "trust.contact_loss" in stage.refusal.value.message and arena.values()["trust.contact_loss"] == 0.5
    assert stage.attempt(lambda: None) and stage.refusal.value is None


def test_another_city_is_built_with_what_was_asked_for(stage):
    before = stage.arena.value
    stage.step()
    stage.choose_citizen(999)
    assert stage.citizen.value == 999 and stage.cell.value == int(before.lanes["baseline"].simulation.city.citizens.home[999])
    stage.wanted.set({"seed": 8.0, "city.adults": 1500.0, "city.offenders_share": 0.05, "trust.fairness_disposition_mean": 0.4})
    stage.restart()
    scenario = stage.arena.value.scenario
    assert stage.arena.value is not before and stage.arena.value.week == 0 and list(stage.arena.value.lanes) == ["baseline", "course"]
    assert (scenario.seed, scenario.city.adults, scenario.city.offenders_share) == (8, 1500, 0.05)
    assert scenario.parameters == {"trust.fairness_disposition_mean": 0.4}
    assert (stage.cell.value, stage.citizen.value, stage.wanted.value) == (None, None, {})


def test_a_city_that_cannot_be_built_leaves_the_page_as_it_is(stage):
    before = stage.arena.value
    stage.wanted.set({"city.adults": 5.0})
    stage.restart()
    assert stage.arena.value is before and "adults" in stage.refusal.value.message and stage.wanted.value == {"city.adults": 5.0}


def test_starting_again_forgets_what_was_switched_on(stage):
    assert stage.attempt(lambda: stage.arena.value.dose("baseline", "purge", {}))
    stage.step()
    assert "purge" in stage.arena.value.lanes["baseline"].reforms
    stage.restart()
    assert stage.arena.value.lanes["baseline"].reforms == {}


def test_saving_tells_where_and_never_leaves_the_folder(stage, tmp_path):
    stage.save("course", " mine ", overwrite=False)
    assert load_scenario(tmp_path / "mine.yaml").city.adults == 1000
    assert str(tmp_path / "mine.yaml") in stage.said.value
    for name in ("../mine", "/mine", "a/b", "mine.yaml", "", "..", "a b"):
        stage.save("course", name, overwrite=True)
        assert stage.refusal.value is not None and stage.said.value == ""
    stage.save("course", "mine", overwrite=False)
    assert "mine.yaml" in stage.refusal.value.message
    assert sorted(path.name for path in tmp_path.parent.rglob("*.yaml") if tmp_path in path.parents) == ["mine.yaml"]


def test_play_does_not_run_ahead_of_the_browser(stage, monkeypatch):
    """Without word that a picture was drawn, the next weeks wait; with it they come at once."""
    monkeypatch.setattr("sim.dashboard.stage.PATIENCE", 30.0)
    stage.speed.set(52)
    stop = threading.Event()
    player = threading.Thread(target=stage.play, args=(stop,), daemon=True)
    player.start()
    deadline = time.monotonic() + 20
    first = 6  # 52 weeks a second in 8 pictures: one picture's weeks, and no more
    while stage.arena.value.week < first and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    assert stage.arena.value.week == first
    stage.was_drawn(first - 1)  # an older picture does not count
    time.sleep(0.2)
    assert stage.arena.value.week == first
    stage.was_drawn(first)
    while stage.arena.value.week == first and time.monotonic() < deadline:
        time.sleep(0.01)
    stage.end_playing(stop)  # whatever the browser has drawn
    player.join(20)
    assert stage.arena.value.week == 2 * first and not player.is_alive()


def test_maps_of_many_arms_are_chosen(stage):
    assert stage.arms_shown == ["baseline", "course"]
    stage.show_arm("course", False)
    assert stage.arms_shown == ["baseline"]
    stage.show_arm("baseline", False)  # what the others are compared with stays
    assert stage.arms_shown == ["baseline"]
    stage.show_arm("course", True)
    assert stage.arms_shown == ["baseline", "course"]


# Its words.


def flattened(data, path=""):
    """Texts by their keys, with dots between."""
    if not isinstance(data, dict):
        return {path: data}
    return {key: text for name, value in data.items() for key, text in flattened(value, f"{path}.{name}").items()}


def places(text):
    """The {places} of a text."""
    return {name for _, name, *_ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same():
    parts = [{name: part for name, part in own(language).items() if name != "elsewhere"} for language in ("en", "es")]
    english, spanish = map(flattened, parts)
    assert {key: places(text) for key, text in english.items()} == {key: places(text) for key, text in spanish.items()}
    assert [key for key, text in english.items() if text == spanish[key]] == []


def test_every_text_is_shown_somewhere():
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")).replace("'", '"')
    named = {key.removeprefix(".") for name in ("page", "play", "maps", "inspect", "reforms") for key in flattened(own("en")[name], name)}
    named -= {key for key in named if key.startswith(("reforms.texts.", "maps.layers."))}  # one for each that there is
    assert [key for key in named if f'"{key}"' not in source and f'"{key.partition(".")[2]}"' not in source] == []


def test_everything_the_sliders_say_is_there_in_spanish():
    spanish, missing = texts("es"), []
    for known in CODEBOOK.values():
        english = [known.name] * (spanish.translate("parameters", known.name, "").text == "")
        missing += english + [known.unit] * (spanish.in_units(known.unit) == known.unit and known.unit not in ("ratio", "log", "0-1"))
        assert known.topic in spanish.part("topics")
    for name, kind in REFORMS.items():
        assert spanish.part("reforms.texts")[name] and spanish.reform(name) != name
        for lever, told in levers(kind).items():
            if lever in ("start", "until"):
                continue
            missing += [f"{name}.{lever}"] * (spanish.lever(name, lever, "") == "" or lever not in spanish["levers"])
            missing += [choice for choice in told.metadata.get("choices", ()) if choice not in spanish["choices"]]
            unit = told.metadata["unit"]
            missing += [unit] * ("choices" not in told.metadata and spanish.in_units(unit) == unit and unit != "log-odds")
    assert missing == []


def test_only_parameters_that_make_sense_in_a_running_city_are_live():
    live = {known.name for topic in live_topics().values() for known in topic}
    assert live == {name for name in CODEBOOK if not built_only(name)}
    assert "trust.contact_loss" in live and "trust.fairness_disposition_mean" not in live
    assert all(step_of(known.low, known.high, known.discrete) > 0 for known in CODEBOOK.values())


# The server.


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


def asked(headers, kind="http"):
    """What the guard answers: the status, or the messages of a websocket."""
    sent, passed = [], []

    async def inner(scope, receive, send):
        passed.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    asyncio.run(server.Guard(inner, 8521)({"type": kind, "headers": headers}, None, send))
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
    passed, sent = asked(headers, kind)
    assert passed == let_in
    if kind == "http":
        named = dict(sent[0]["headers"])
        assert sent[0]["status"] == (200 if let_in else 403)
        assert b"frame-ancestors 'none'" in named[b"content-security-policy"] and named[b"x-frame-options"] == b"DENY"
    elif not let_in:
        assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The command's own server: its port, and a proxy that nothing may ask for anything."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "small.yaml").write_text("name: Small\ncity: {adults: 1000}\nweeks: 30\nspin_up_weeks: 4\n")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        away = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), away)
        command = [sys.executable, "-m", "sim.cli", "view", str(folder / "small.yaml"), "--no-browser"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **proxies}
        ) as process:
            said = ""
            while "Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            yield int(said.partition("http://127.0.0.1:")[2].partition("/")[0]), proxy, said, folder
            process.terminate()


def got(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.compiled
def test_it_compiles_first_and_says_so(served):
    _, _, said, folder = served
    assert said.index("compiling the model") < said.index("Ready after") < said.index("The live city")
    assert f"Scenarios are saved in {folder}" in said.replace("\n", "")
    assert "Traceback" not in said and "Warning" not in said


@pytest.mark.compiled
def test_everything_comes_from_the_disk(served):
    port, proxy, *_ = served
    status, html = got(port, "/")
    assert status == 200 and re.findall(rb'(?:src|href)="(?:https?:)?//[^"]*', html) == []
    asked_for = {part.split(b'"')[0].decode() for part in html.split(b'"/_solara/cdn/')[1:]}
    assert len(asked_for) >= 3
    for name in sorted(name for name in asked_for if name.endswith((".js", ".css"))):
        assert got(port, f"/_solara/cdn/{name}")[0] == 200
    assert got(port, "/_solara/cdn/vue@2/not-on-this-disk.js")[0] == 404
    proxy.settimeout(0.5)
    with pytest.raises(TimeoutError):  # nobody asked the network for it, nor for anything else
        proxy.accept()


@pytest.mark.compiled
@pytest.mark.parametrize(
    "path", ["/_solara/cdn/..%2f..%2f..%2f..%2fetc/passwd", "/static/../../../../etc/passwd", "/static/public/small.yaml"]
)
def test_no_path_leads_to_other_files(served, path):
    text = got(served[0], path)[1]
    assert b"root:" not in text and b"adults" not in text


@pytest.mark.compiled
def test_other_names_and_other_sites_are_refused(served):
    port = served[0]
    assert got(port, "/", {"Host": f"evil.example:{port}"})[0] == 403
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    path = "/jupyter/api/kernels/abc/channels?session_id=abc"
    assert got(port, path, {**upgrade, "Origin": "https://evil.example"})[0] == 403
    with socket.create_connection(("127.0.0.1", port), 20) as own_page:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in upgrade.items()]
        own_page.sendall("\r\n".join([*lines, "", ""]).encode())
        assert own_page.recv(12) == b"HTTP/1.1 101"
