"""REST: the body it takes, and the two forms of text it gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hair_answers.channels.intake import IntakeError
from hair_answers.channels.rest import LARGEST_BODY, CollectingOutput, read_body

MESSAGE: dict[str, Any] = {
    "text": "**Bold** and [NHS](https://nhs.uk).\n\nSources: NHS",
    "buttons": [{"title": "More", "payload": "/about/sources"}],
    "metadata": {
        "answer": "a/b",
        "source_line": "Sources: NHS",
        "sources": [{"publisher": "NHS", "url": "https://nhs.uk"}],
    },
}


async def told(is_plain: bool) -> dict[str, Any]:
    output = CollectingOutput(is_plain=is_plain)
    await output.send_response("me", MESSAGE)
    return output.messages[0]


async def test_commonmark_is_passed_as_it_is() -> None:
    assert await told(is_plain=False) == {"recipient_id": "me", **MESSAGE}


async def test_plain_text_has_no_marks_and_its_source_once() -> None:
    message = await told(is_plain=True)
    assert message["text"] == "Bold and NHS (https://nhs.uk).\n\nSources: NHS"
    assert message["buttons"] == MESSAGE["buttons"] and message["metadata"] == MESSAGE["metadata"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[", "not_json"), (b"[]", "not_an_object"), (b"{}", "no_message"), (b'{"message": 5}', "not_text"),
        (b'{"message": "x", "sender": "a b"}', "bad_sender"), (b'{"message": "x", "sender": 5}', "bad_sender"),
        (b'{"message": "x", "sender": "\\u0000"}', "bad_sender"), (b'{"message": " / "}', "empty"),
        (json.dumps({"message": "x" * 501}).encode(), "too_long"), (b" " * (LARGEST_BODY + 1), "body_too_large"),
        (b"[" * 10_000, "not_json"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_taken_is_refused_with_a_code(body: bytes, code: str) -> None:
    with pytest.raises(IntakeError) as caught:
        read_body(body)
    assert caught.value.code == code


def test_offered_payloads_pass_and_typed_slashes_go() -> None:
    assert read_body(b'{"message": "/about/sources", "sender": "me"}') == ("/about/sources", "me")
    assert read_body(b'{"message": "/restart", "sender": "me"}')[0] == "restart"
    assert read_body(b'{"message": "x"}')[1] != read_body(b'{"message": "x"}')[1], (
        "no sender, no shared conversation"
    )
