"""Checks of the action server's requests: it serves Rasa servers, never a page in a browser."""

from sanic import Sanic, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

# A browser sends at least one of them with every post of another site's page, and a page cannot remove them.
BROWSER_HEADERS = ("origin", "sec-fetch-site")


def refuse_hostile_requests(app: Sanic) -> None:
    """Refuses posts of browsers (403), of anything but JSON or of compressed JSON (415), and JSON that is no object (400)."""

    async def check_post(request: Request) -> HTTPResponse | None:
        return _refusal(request) if request.method == "POST" else None

    async def answer_error(_: Request, error: SanicException) -> HTTPResponse:
        # rasa_sdk's own handler gives every error 500 and sends the body back.
        return response.json({"error": str(error)}, status=error.status_code)

    app.register_middleware(check_post, "request")
    app.error_handler.add(SanicException, answer_error)


def _refusal(request: Request) -> HTTPResponse | None:
    if any(name in request.headers for name in BROWSER_HEADERS):
        return response.json({"error": "Posts of browsers are refused."}, status=403)
    content_type: str = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return response.json({"error": "The body must be application/json."}, status=415)
    # rasa_sdk would inflate it without a limit; Rasa compresses only under COMPRESS_ACTION_SERVER_REQUEST.
    if "content-encoding" in request.headers:
        return response.json({"error": "The body must not be compressed."}, status=415)
    if not isinstance(request.json, dict):
        return response.json({"error": "The body must be a JSON object."}, status=400)
    return None
