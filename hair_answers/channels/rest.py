"""REST for integrators and tests: POST /webhooks/rest/webhook {sender, message}.

`?format=plain` gives the text without marks, for an SMS gateway or a speech reader.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from hair_answers.channels.intake import (
    IntakeError,
    OnNewMessage,
    SpokenOutput,
    clean_text,
    take_turn,
    valid_sender,
)
from hair_answers.channels.renderers import plain

LARGEST_BODY = 16_384  # bytes
STATUS = {"too_long": 413, "body_too_large": 413}


class CollectingOutput(SpokenOutput):
    """Keeps the turn's messages for the response body."""

    def __init__(self, is_plain: bool = False) -> None:
        """Keep texts as CommonMark, or (`is_plain`) without marks and with everything in words."""
        self.messages: list[dict[str, Any]] = []
        self._is_plain = is_plain

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "rest"

    async def deliver(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one message with its buttons and metadata."""
        kept = {name: message[name] for name in ("text", "buttons", "custom") if message.get(name)}
        metadata = message.get("metadata") or {}
        if self._is_plain and "text" in kept:
            # The source line is part of the text on this channel already.
            shown = {
                name: value for name, value in metadata.items() if name not in ("source_line", "sources")
            }
            kept["text"] = plain.render({"text": kept["text"], "metadata": shown})
        self.messages.append({"recipient_id": recipient_id, **kept, "metadata": metadata})


class IntegratorInput(InputChannel):
    """Answers server-to-server requests; the integrator limits its own rate."""

    @classmethod
    def name(cls) -> str:
        """Return the name in the address: Rasa's own REST channel is replaced."""
        return "rest"

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Serve `/` (is it up) and `/webhook` (a turn)."""
        blueprint = Blueprint("rest_integrators", __name__)

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @blueprint.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            try:
                text, sender = read_body(request.body)
            except IntakeError as error:
                body = {"error": {"code": error.code, "message": str(error)}}
                return response.json(body, status=STATUS.get(error.code, 400))
            output = CollectingOutput(is_plain=request.args.get("format") == "plain")
            await take_turn(on_new_message, UserMessage(text, output, sender, input_channel=self.name()))
            return response.json(output.messages)

        return blueprint


def read_body(body: bytes) -> tuple[str, str]:
    """Return (text, sender) of a request body; a missing sender gets a conversation of its own."""
    if len(body) > LARGEST_BODY:
        raise IntakeError("body_too_large", f"the body may have {LARGEST_BODY} bytes, found {len(body)}")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise IntakeError("not_json", "the body is no valid JSON") from error
    if not isinstance(data, dict):
        raise IntakeError("not_an_object", f"the body must be a JSON object, found {type(data).__name__}")
    if "message" not in data:
        raise IntakeError("no_message", 'the body needs a "message"')
    sender = data.get("sender")
    return read_message(data["message"]), valid_sender(sender) if sender is not None else uuid.uuid4().hex


def read_message(message: object) -> str:
    """Return typed text cleaned; a button's payload (`/<answer key>`) passes as it is."""
    from hair_answers.channels.payloads import is_payload

    if isinstance(message, str) and is_payload(message.strip()):
        return message.strip()
    return clean_text(message)
