"""Fake of Meta's Graph API, shared by WhatsApp and Messenger.

Errors: https://developers.facebook.com/docs/graph-api/guides/error-handling;
signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import hashlib
import hmac
from typing import Any

from aiohttp import web

from vendor_fakes.vendor import Refusal, Vendor, raw

APP_SECRET = "app-secret-of-the-test"
VERIFY_TOKEN = "verify-token-of-the-test"


class Meta(Vendor):
    """The Graph API as far as both need it."""

    token = "meta-token-of-the-test"

    def trouble_body(self, status: int) -> Any:
        return {
            "error": {
                "message": "it failed",
                "type": "OAuthException",
                "code": 80007 if status == 429 else 2,
                "fbtrace_id": "A",
            }
        }

    def refusal(self, message: str, status: int = 400, code: int = 100) -> Refusal:
        error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
        return Refusal(status, {"error": error})

    async def body_of(self, request: web.Request, path: str) -> Any:
        if request.method != "POST" or request.path != path:
            raise self.refusal("Unsupported request", 404, 2500)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise self.refusal("Invalid OAuth access token", 401, 190)
        return await request.json()

    def signed(self, event: Any) -> tuple[bytes, dict[str, str]]:
        body = raw(event)
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}

    def forged(self, body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
        named = "X-Hub-Signature-256"
        plain = {"Content-Type": "application/json"}
        old = hmac.new(APP_SECRET.encode(), body, hashlib.sha1).hexdigest()
        return [
            (body, plain),
            # A signature that was seen with another body.
            (body + b" ", headers),
            (body, plain | {named: ""}),
            (body, plain | {named: headers[named][:-1]}),
            (body, plain | {named: headers[named].removeprefix("sha256=")}),
            (body, plain | {named: "sha256=\u00e9"}),
            (body, plain | {"X-Hub-Signature": f"sha1={old}"}),
        ]
