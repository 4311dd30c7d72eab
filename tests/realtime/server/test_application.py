"""The HTTP interface: what it answers, above all to what it should not accept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from engines.controls import spec_hash
from tests.fakes.peer import Peer
from tests.fakes.serving import Serving, fake_application, fake_parts

SDP = {"Content-Type": "application/sdp"}
TOKEN = "0123456789abcdef"

OFFER_WITHOUT_VIDEO = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:0
a=sctp-port:5000
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 AA:BB:CC:DD
a=setup:actpass
""".replace("\n", "\r\n")


@contextlib.asynccontextmanager
async def in_process(app: FastAPI, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Speak ASGI with the application on this loop, lifespan included."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers) as client:
            yield client


def check_problem(response: httpx.Response, status: int, *words: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    for word in words:
        assert word in problem["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        ("  \r\n", "empty"),
        ("hello", "offer"),
        ("v=0\r\nm=\r\n", "offer"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no media sections"),
        (OFFER_WITHOUT_VIDEO, "no video section"),
        (OFFER_WITHOUT_VIDEO.replace("a=ice-ufrag:abcd\r\n", ""), "ICE credentials"),
        ("\x00" * 100, "offer"),
    ],
)
async def test_offer_that_cannot_become_a_session_is_a_problem(body: str, words: str) -> None:
    """Empty, malformed, without video: 400, in words, and nothing stays open."""
    app = fake_application()
    async with in_process(app) as client:
        check_problem(await client.post("/api/sessions", content=body, headers=SDP), 400, words)
        assert len(app.state.backstage.sessions) == 0


async def test_offer_that_is_not_text_is_a_problem() -> None:
    """Bytes that are not UTF-8 are refused before they are parsed."""
    async with in_process(fake_application()) as client:
        check_problem(await client.post("/api/sessions", content=b"\xff\xfe\x00", headers=SDP), 400, "UTF-8")


async def test_offer_whose_video_only_receives_is_a_problem() -> None:
    """Somebody without a camera has nothing to be drawn from."""
    app = fake_application()
    async with in_process(app) as client, Peer(client) as peer:
        offer = (await peer.offer()).replace("a=sendrecv", "a=recvonly")
        check_problem(await client.post("/api/sessions", content=offer, headers=SDP), 400, "recvonly", "sendrecv")


async def test_offer_without_a_common_codec_is_a_problem() -> None:
    """A peer that speaks only what we do not is told what we speak."""
    app = fake_application(media__codecs=["H264"])
    async with in_process(app) as client, Peer(client, codec="VP8") as peer:
        check_problem(await client.post("/api/sessions", content=await peer.offer(), headers=SDP), 400, "H264")
        assert len(app.state.backstage.sessions) == 0


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "", "application/sdpx"])
async def test_wrong_content_type_is_415(content_type: str) -> None:
    """Only application/sdp is an offer; this also keeps simple cross-site forms out."""
    async with in_process(fake_application()) as client:
        response = await client.post("/api/sessions", content="v=0", headers={"Content-Type": content_type})
        check_problem(response, 415, "application/sdp")


async def test_unknown_session_is_404() -> None:
    """Nobody changes or ends what is not there."""
    async with in_process(fake_application()) as client:
        check_problem(await client.patch("/api/sessions/nobody", json={"character": "ada"}), 404)
        check_problem(await client.delete("/api/sessions/nobody"), 404)
        check_problem(await client.get("/api/nothing"), 404)
        check_problem(await client.get("/api/sessions"), 405)


async def test_unknown_character_is_422_and_names_those_there_are() -> None:
    """Asked for on opening, a character that does not exist costs no place."""
    app = fake_application()
    async with in_process(app) as client, Peer(client) as peer:
        check_problem(await peer.join("?character=eve"), 422, "eve", "ada, bob")
        assert len(app.state.backstage.sessions) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"character": "eve"}', 422),
        ('{"background": "red"}', 422),
        ('{"mirror": "perhaps"}', 422),
        ('{"colour": "#000000"}', 422),
        ("[]", 422),
        ("{", 400),
        ("", 400),
    ],
)
async def test_change_that_makes_no_sense_is_refused(body: str, status: int) -> None:
    """PATCH checks what it gets, and the session goes on."""
    async with in_process(fake_application()) as client, Peer(client) as peer:
        await peer.join()
        headers = {"Content-Type": "application/json"}
        check_problem(await client.patch(peer.location, content=body, headers=headers), status)
        check_problem(await client.patch(peer.location, content="{}"), 415)
        response = await client.patch(peer.location, json={"character": "bob", "mirror": True})
        assert response.json() == {"character": "bob", "mirror": True, "background": "#dfe4f0"}


async def test_body_beyond_the_limit_is_413_whether_it_says_so_or_not() -> None:
    """Declared or streamed without a length, too much is too much."""
    async with in_process(fake_application(server__max_offer_bytes=4096)) as client:
        check_problem(await client.post("/api/sessions", content="x" * 5000, headers=SDP), 413, "4096")

        async def stream() -> AsyncIterator[bytes]:
            for _ in range(10):
                yield b"x" * 1000

        check_problem(await client.post("/api/sessions", content=stream(), headers=SDP), 413, "4096")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999", "http://localhost.evil"])
async def test_foreign_origin_is_403(origin: str) -> None:
    """Another page in the same browser may not use the camera's server."""
    async with in_process(fake_application(), Origin=origin) as client:
        check_problem(await client.post("/api/sessions", content="", headers=SDP), 403, "origin")
        check_problem(await client.get("/api/info"), 403, "origin")


async def test_own_and_allowed_origins_come_in() -> None:
    """The server's own page, and those named in the settings, with the headers that browsers want."""
    app = fake_application(server__allowed_origins=["https://friend.example"])
    async with in_process(app) as client:
        assert (await client.get("/api/info", headers={"Origin": "http://localhost:8080"})).status_code == 200
        friend = {"Origin": "https://friend.example"}
        response = await client.get("/api/info", headers=friend)
        assert response.headers["access-control-allow-origin"] == "https://friend.example"
        asking = {**friend, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        assert (await client.options("/api/sessions", headers=asking)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::2]:80"])
async def test_name_that_is_not_ours_is_403_on_loopback(host: str) -> None:
    """A foreign name that resolves to this machine would make its page same-origin: DNS rebinding."""
    async with in_process(fake_application()) as client:
        for path in ("/api/info", "/healthz"):
            check_problem(await client.get(path, headers={"Host": host}), 403, "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "mirror.home"])
async def test_names_that_are_ours_come_in(host: str) -> None:
    """Loopback in every spelling, and what the settings name."""
    async with in_process(fake_application(server__allowed_hosts=["mirror.home"])) as client:
        assert (await client.get("/healthz", headers={"Host": host})).status_code == 200


async def test_token_is_asked_for_by_the_api_alone(tmp_path: Path) -> None:
    """Without the token 401; with it, as a header or in the address, in; the page itself is no secret."""
    (tmp_path / "index.html").write_text("<!doctype html>")
    app = fake_application(page=tmp_path, server__host="0.0.0.0", server__token=TOKEN)
    async with in_process(app, Host="192.168.1.4:8080") as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            response = await client.get("/api/info", headers=headers)
            check_problem(response, 401, "token")
            assert response.headers["www-authenticate"] == "Bearer"
        check_problem(await client.get("/api/info?token=wrong"), 401)
        assert (await client.get(f"/api/info?token={TOKEN}")).status_code == 200
        assert (await client.get("/api/info", headers={"Authorization": f"bearer {TOKEN}"})).status_code == 200
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_info_says_what_runs() -> None:
    """Version, engine, tracker and limits, as the page and the benchmarks show them."""
    async with in_process(fake_application(media__ice_servers=["stun:stun.example.org"])) as client:
        info: dict[str, Any] = (await client.get("/api/info")).json()
    assert info["version"]
    assert info["engine"]["backend"] == "fake"
    assert info["engine"]["spec_hash"] == spec_hash()
    assert info["engine"]["rejected"] == {}
    assert info["tracker"] == {"name": "spot"}
    assert info["limits"]["max_sessions"] == 4
    assert info["limits"]["sessions"] == 0
    assert info["ice_servers"] == [{"urls": "stun:stun.example.org"}]


async def test_characters_have_cards_and_pictures(tmp_path: Path) -> None:
    """Each card's thumbnail can be fetched, with the token in its address where one is needed."""
    picture = tmp_path / "thumbnail.webp"
    picture.write_bytes(b"RIFF")
    app = fake_application(fake_parts(thumbnail=picture), server__token=TOKEN)
    async with in_process(app) as client:
        cards = (await client.get("/api/characters", headers={"Authorization": f"Bearer {TOKEN}"})).json()
        assert [card["name"] for card in cards] == ["ada", "bob"]
        assert cards[0]["title"] == "Ada"
        assert cards[0]["licence"] == "CC0-1.0"
        response = await client.get(f"/{cards[0]['thumbnail']}")
        assert response.content == b"RIFF"
        assert response.headers["content-type"] == "image/webp"
        check_problem(await client.get(f"/api/characters/eve/thumbnail?token={TOKEN}"), 404, "eve")


async def test_character_without_picture_says_so() -> None:
    """No thumbnail is null, not a broken address."""
    async with in_process(fake_application()) as client:
        assert (await client.get("/api/characters")).json()[0]["thumbnail"] is None
        check_problem(await client.get("/api/characters/ada/thumbnail"), 404)


async def test_page_is_served_with_its_types_and_guards(tmp_path: Path) -> None:
    """Modules are JavaScript whatever the system thinks, nothing is stale, and the page can load only from here."""
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "main.js").write_text("export {};")
    async with in_process(fake_application(page=tmp_path)) as client:
        page = await client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["cache-control"] == "no-cache"
        script = await client.get("/js/main.js")
        assert script.headers["content-type"].startswith("text/javascript")
        for response in (page, script, await client.get("/api/info"), await client.get("/", headers={"Host": "evil"})):
            assert "default-src 'self'" in response.headers["content-security-policy"]
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["permissions-policy"] == "camera=(self), microphone=()"
        check_problem(await client.get("/missing.js"), 404)
        check_problem(await client.get("/../pyproject.toml"), 404)
        check_problem(await client.get("/%2e%2e/pyproject.toml"), 404)


async def test_failure_inside_is_500_without_details() -> None:
    """What went wrong stands in the log, not in the answer."""
    app = fake_application()
    async with in_process(app) as client:
        app.state.backstage = None
        response = await client.get("/api/info")
        check_problem(response, 500)
        assert "backstage" not in response.text


def test_server_that_stops_ends_its_sessions() -> None:
    """Leaving the context is the proof: the server thread ends although a session is open."""

    async def join(serving: Serving) -> None:
        async with httpx.AsyncClient(base_url=serving.address, timeout=20) as client:
            peer = Peer(client)
            await peer.join()
            await peer.until(lambda: len(peer.frames) > 2)
            await peer.vanish()

    with Serving(fake_application()) as serving:
        asyncio.run(join(serving))
        assert len(serving.sessions) == 1
