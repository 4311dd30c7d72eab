"""The floor: aiortc as it comes, sending every picture back unseen.  `python -m benchmarks.echo_server --port N`."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from fastapi import FastAPI, Request, Response


def make_app() -> FastAPI:
    """Return the echo's application: POST an SDP offer to /api/sessions, get the answer."""
    peers: set[RTCPeerConnection] = set()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for peer in list(peers):
            await peer.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.post("/api/sessions")
    async def open_session(request: Request) -> Response:
        peer = RTCPeerConnection()
        peers.add(peer)

        @peer.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            peer.addTrack(track)

        @peer.on("connectionstatechange")
        async def on_change() -> None:
            if peer.connectionState in ("failed", "closed"):
                peers.discard(peer)
                await peer.close()

        await peer.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return Response(peer.localDescription.sdp, 201, media_type="application/sdp")

    return app


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(make_app(), host="127.0.0.1", port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
