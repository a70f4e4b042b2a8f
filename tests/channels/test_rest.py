"""The REST contract against the real server: answers with their metadata, and input that must not break it."""

import json
import socket
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.server
JSON = {"Content-Type": "application/json"}
RUN = uuid.uuid4().hex  # the store outlives a run: no sender may come back


def post(bot, body, headers=JSON):
    """Send raw bytes; return (status, parsed body)."""
    request = urllib.request.Request(f"{bot.url}/webhooks/rest/webhook", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def sent(bot, **fields):
    return post(bot, json.dumps(fields).encode())


# The contract ---------------------------------------------------------------------------------------------------


def test_an_answer_carries_its_provenance(bot):
    (message,) = bot.ask("what is alopecia areata", f"{RUN}-contract")
    metadata = message["metadata"]
    assert message["recipient_id"] == f"{RUN}-contract"
    assert metadata["answer"] == "causes/alopecia_areata"
    assert metadata["title"]
    assert metadata["origin"] in ("article", "public", "both")
    assert metadata["evidence"] in ("established", "moderate", "early", "expert", "none")
    assert metadata["reviewed"] == "2026-11-22" or len(metadata["reviewed"]) == 10
    assert metadata["related"]
    assert metadata["sources"]
    for source in metadata["sources"]:
        assert set(source) == {"key", "title", "publisher", "url"}
        assert source["url"] is None or source["url"].startswith("https://")
    assert metadata["source_line"]
    # Plain text: the source line is part of it.
    assert message["text"].endswith(metadata["source_line"])
    assert [set(button) for button in message["buttons"]] == [{"title", "payload"}] * len(message["buttons"])
    assert all(button["payload"].startswith("/") for button in message["buttons"])


def test_every_button_of_an_answer_leads_on(bot):
    (message,) = bot.ask("what causes hair loss", f"{RUN}-buttons")
    for button in message["buttons"]:
        found = bot.answers(button["payload"], f"{RUN}-buttons")
        assert found == [button["payload"].removeprefix("/")], button


def test_a_miss_offers_candidates_and_none_of_these(bot):
    replies = [
        bot.ask(text, f"{RUN}-miss-{n}")[0] for n, text in enumerate(("blorp wuzzle", "growth plan thing"))
    ]
    for reply in replies:
        metadata = reply["metadata"]
        assert metadata["answer"] in (
            "fallback/did_you_mean",
            "fallback/rephrase",
            "fallback/out_of_scope",
        ) or metadata["answer"].startswith("out_of_scope/"), metadata
    assert bot.answers("/fallback/none_of_these", f"{RUN}-miss-0") == ["fallback/rephrase"]


def test_out_of_scope_is_marked(bot):
    (message,) = bot.ask("can stem cells fix my knee")
    assert message["metadata"]["answer"] == "fallback/out_of_scope" or message["metadata"][
        "answer"
    ].startswith("out_of_scope/")


def test_other_languages_are_declined(bot):
    for text in ("wie lange dauert es bis die haare wieder wachsen", "сколько стоит лечение"):
        (message,) = bot.ask(text)
        assert "English" in message["text"], message


def test_typed_slashes_are_words(bot):
    assert bot.answers("/what is alopecia areata") == ["causes/alopecia_areata"]
    for command in ("/restart", "/session_start", '/causes{"a": 1}', "/causes@0.4", "/nlu_fallback", "/back"):
        assert bot.ask(command, f"{RUN}-slash"), command


# Conversations ---------------------------------------------------------------------------------------------------


def test_a_missing_sender_gets_a_conversation_of_its_own(bot):
    first, second = bot.ask("hello")[0], bot.ask("hello")[0]
    assert first["recipient_id"] != second["recipient_id"]
    assert "default" not in (first["recipient_id"], second["recipient_id"])
    status, messages = sent(bot, message="hello", sender=None)
    assert status == 200
    assert messages[0]["recipient_id"] not in (first["recipient_id"], second["recipient_id"], "default")


def test_strangers_without_sender_share_nothing(bot):
    bot.ask("what is alopecia areata")
    (message,) = bot.ask("tell me more")
    assert message["metadata"]["answer"] != "causes/alopecia_areata"


def test_many_at_once_each_get_their_own_answer(bot):
    questions = ["what is alopecia areata", "what causes hair loss", "hello", "does prp hurt"] * 4
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda pair: bot.ask(pair[1], f"{RUN}-many-{pair[0]}"), enumerate(questions)))
    for number, reply in enumerate(replies):
        assert {message["recipient_id"] for message in reply} == {f"{RUN}-many-{number}"}


# Input that must not break it ------------------------------------------------------------------------------------

REFUSED = {
    "empty body": (b"", 400, "not_json"),
    "no json": (b"hello", 400, "not_json"),
    "cut off": (b'{"message": "hi"', 400, "not_json"),
    "bad utf-8": (b'{"message": "\xff\xfe"}', 400, "not_json"),
    "nested deep": (b"[" * 8000 + b"]" * 8000, 400, None),
    "array": (b'["hi"]', 400, "not_an_object"),
    "string": (b'"hi"', 400, "not_an_object"),
    "null": (b"null", 400, "not_an_object"),
    "form": (b"message=hi&sender=me", 400, "not_json"),
    "no message": (b'{"sender": "me"}', 400, "no_message"),
    "message null": (b'{"message": null}', 400, "not_text"),
    "message number": (b'{"message": 5}', 400, "not_text"),
    "message list": (b'{"message": ["hi"]}', 400, "not_text"),
    "message object": (b'{"message": {"text": "hi"}}', 400, "not_text"),
    "message bool": (b'{"message": true}', 400, "not_text"),
    "message empty": (b'{"message": ""}', 400, "empty"),
    "message blank": (b'{"message": " \\n\\t "}', 400, "empty"),
    "message invisible": (json.dumps({"message": "\u200b\u2060"}).encode(), 400, "empty"),
    "message slash": (b'{"message": "/"}', 400, "empty"),
    "message long": (json.dumps({"message": "hair " * 200}).encode(), 413, "too_long"),
    "one long word": (json.dumps({"message": "a" * 15_000}).encode(), 413, "too_long"),
    "huge body": (json.dumps({"message": "a" * 20_000}).encode(), 413, "body_too_large"),
    "slash nested": (json.dumps({"message": "/greet" + "{" * 3000}).encode(), 413, "too_long"),
    "sender empty": (b'{"message": "hi", "sender": ""}', 400, "bad_sender"),
    "sender nul": (b'{"message": "hi", "sender": "a\\u0000b"}', 400, "bad_sender"),
    "sender surrogate": (b'{"message": "hi", "sender": "\\ud800"}', 400, "bad_sender"),
    "sender number": (b'{"message": "hi", "sender": 7}', 400, "bad_sender"),
    "sender list": (b'{"message": "hi", "sender": ["a"]}', 400, "bad_sender"),
    "sender object": (b'{"message": "hi", "sender": {}}', 400, "bad_sender"),
    "sender long": (json.dumps({"message": "hi", "sender": "s" * 300}).encode(), 400, "bad_sender"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_clear_error(bot, case):
    body, status, code = REFUSED[case]
    found, answer = post(bot, body)
    assert found == status, answer
    assert set(answer["error"]) == {"code", "message"}
    assert code is None or answer["error"]["code"] == code
    assert len(answer["error"]["message"]) > 10
    assert "Traceback" not in json.dumps(answer)


def test_a_body_of_a_megabyte_is_cut_off_before_it_is_read(bot):
    status, _ = post(bot, json.dumps({"message": "a" * 1_000_000}).encode())
    assert status == 413


TAKEN = {
    "emoji": "😭 does it hurt 🙏🏽",
    "only emoji": "👍",
    "right to left": "\u202edoes it hurt",
    "nul in text": "does it\x00 hurt",
    "lone surrogate": "does it hurt \ud800",
    "zero width": "do\u200bes it hurt",
    "sql": "'; DROP TABLE events; --",
    "html": "<script>alert(1)</script>",
    "format": "{clinic_phone} {0} {__class__} %s %(x)s",
    "jinja": "{{ 7*7 }} ${PATH}",
    "unknown command": "/no_such_intent",
    "shell": "$(reboot) `id`",
    "one token": "x" * 500,
    "all marks": "?!.,;:" * 20,
    "digits": "12345678901234567890",
    "new lines": "does\nit\r\nhurt",
}


@pytest.mark.parametrize("case", TAKEN)
def test_odd_text_gets_an_answer(bot, case):
    status, messages = sent(bot, message=TAKEN[case], sender=f"{RUN}-odd")
    assert status == 200
    assert messages
    for message in messages:
        assert message["metadata"]["answer"] != "fallback/error", message
        assert "<script>" not in message["text"]
        assert "49" not in message["text"] or case != "jinja"


@pytest.mark.parametrize("metadata", ["a string", 5, ["x"], {"user": "x" * 1000}, None])
def test_foreign_fields_are_ignored(bot, metadata):
    status, messages = sent(bot, message="hello", metadata=metadata, input_channel="slack", stream=True)
    assert status == 200
    assert messages[0]["metadata"]["answer"]


def test_content_type_does_not_matter(bot):
    status, messages = post(bot, b'{"message": "hello"}', {"Content-Type": "text/plain"})
    assert status == 200
    assert messages


def test_get_is_refused(bot):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{bot.url}/webhooks/rest/webhook", timeout=10)
    assert refused.value.code == 405


def test_health(bot):
    with urllib.request.urlopen(f"{bot.url}/webhooks/rest/", timeout=10) as reply:
        assert json.load(reply) == {"status": "ok"}


def test_nothing_of_rasas_own_interface_is_open(bot):
    for path in ("/conversations/x/tracker", "/domain", "/model/parse", "/status"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{bot.url}{path}", timeout=10)
        assert refused.value.code == 404


def test_a_caller_who_hangs_up_harms_nobody(bot):
    with socket.create_connection(("127.0.0.1", bot.port), timeout=5) as line:
        line.sendall(b'POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"mess')
    assert bot.ask("hello")


def test_the_server_is_well_afterwards(bot):
    assert bot.process.poll() is None
    assert bot.answers("what is alopecia areata") == ["causes/alopecia_areata"]
    assert "Traceback" not in bot.log.read_text(errors="replace")
