"""The fastest that a bot on this machine could be: Sanic, and nothing behind it. `python -m tools.benchmarks.bare PORT`."""

import sys

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from trialguide.commands.stack import HOST


def main() -> None:
    """Serves the path of Rasa's `rest` channel with one constant reply."""
    app = Sanic("bare")

    @app.get("/")
    async def ready(request: Request) -> HTTPResponse:
        return json({"ready": True})

    @app.post("/webhooks/rest/webhook")
    async def reply(request: Request) -> HTTPResponse:
        return json([{"recipient_id": request.json["sender"], "text": "A reply."}])

    app.run(host=HOST, port=int(sys.argv[1]), access_log=False, motd=False)


if __name__ == "__main__":
    main()
