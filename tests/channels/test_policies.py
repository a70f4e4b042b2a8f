"""Who is answered where, without a server: threads in channels, waiting rooms, typing, calls that fail."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from hair_answers.channels import reception as reception_module
from hair_answers.channels import slack as slack_module
from hair_answers.channels import telegram as telegram_module
from hair_answers.channels.deduplication import Inbox
from hair_answers.channels.reception import Arrival, Overloaded, PlatformOutput, Reception, Undelivered
from hair_answers.channels.settings import SlackSettings, TelegramSettings
from hair_answers.channels.slack import Place, SlackClinicInput, plain_words
from hair_answers.channels.telegram import TelegramClinicInput
from hair_answers.channels.telegram_api import TelegramApi
from hair_answers.knowledge.library import Library
from tests.channels.stand_ins.slack import BOT_TOKEN, SIGNING_SECRET, SlackStandIn
from tests.channels.stand_ins.telegram import TOKEN, TelegramStandIn
from tests.channels.talking import voice


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clinic whose clinic.yml allows answers in threads."""
    library = Library.default()
    clinic = dataclasses.replace(library.clinic, slack_answer_in_threads=True)
    changed = dataclasses.replace(library, clinic=clinic)
    monkeypatch.setattr(slack_module.Library, "default", classmethod(lambda cls: changed))


@pytest.fixture
def channel() -> SlackClinicInput:
    return SlackClinicInput(SlackSettings.read({"bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET}))


def test_a_mention_opens_a_thread_where_the_clinic_allows_it(
    threads: None, channel: SlackClinicInput
) -> None:
    people = SlackStandIn()
    event = people.event(type="app_mention", user="U1234", channel="C1234", text="<@UBOT> is it permanent?")
    arrival = channel.read({**event, "kind": "event"})
    assert arrival is not None and arrival.text == "is it permanent?" and arrival.notice == ""
    ts = event["event"]["ts"]
    assert arrival.place == Place("C1234", ts)
    assert channel.place_of(arrival.conversation) == Place("C1234", ts), "reminders find the thread again"
    follow = people.event(
        type="app_mention", user="U1234", channel="C1234", text="<@UBOT> and cost?", thread_ts=ts
    )
    assert channel.read({**follow, "kind": "event"}).conversation == arrival.conversation  # type: ignore[union-attr]
    other = people.event(
        type="app_mention", user="U9999", channel="C1234", text="<@UBOT> and cost?", thread_ts=ts
    )
    assert channel.read({**other, "kind": "event"}).conversation != arrival.conversation  # type: ignore[union-attr]
    bare = people.event(type="app_mention", user="U1234", channel="C1234", text="<@UBOT>")
    assert channel.read({**bare, "kind": "event"}).payload == "/small_talk/greet"  # type: ignore[union-attr]


def test_a_conversation_of_another_channel_has_no_place(channel: SlackClinicInput) -> None:
    for conversation in ("web-1", "telegram-5", "slack-"):
        with pytest.raises(Undelivered):
            channel.place_of(conversation)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U1> hi", "hi"), ("<@U1|bot> hi", "hi"), ("see <https://x.example/a?b=1>", "see https://x.example/a?b=1"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"), ("<#C1|general>", "general"), ("<!subteam^S1> x", "x"),
        ("1 &lt; 2 &amp;amp; 3", "1 < 2 &amp; 3"), ("a < b", "a < b"),
    ],
)  # fmt: skip
def test_slack_references_become_words(text: str, words: str) -> None:
    assert plain_words(text) == words


class Room:
    """A messenger whose posts are kept in a list and may fail."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.failures: list[Exception] = []

    def label(self) -> str:
        return "room"

    def read(self, event: dict[str, Any]) -> Arrival | None:
        return Arrival(event["id"], event.get("who", "a"), "place", text=event["text"])

    def place_of(self, conversation: str) -> str:
        return "place"

    async def post(self, place: Any, message: dict[str, Any], heading: bool) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.posts.append(message)

    def typing(self, place: Any) -> Any:
        return nullcontext()

    def output(self, reception: Reception, arrival: Arrival | None) -> PlatformOutput:
        return PlatformOutput(reception, arrival)


async def echo(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, {"text": message.text})


@pytest.fixture
def room() -> Room:
    return Room()


def reception(room: Room, folder: Path, respond: Any = echo) -> Reception:
    return Reception(room, respond, Inbox(folder / "d.db"))


async def test_too_much_at_once_is_sent_back_to_the_platform(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "WAITING", 3)
    desk = reception(room, tmp_path)
    for number in range(3):
        desk.take({"id": str(number), "who": str(number), "text": "x"})
    with pytest.raises(Overloaded):
        desk.take({"id": "4", "text": "x"})
    await desk.close()
    assert len(room.posts) == 3


async def test_a_failing_turn_ends_with_an_honest_word(room: Room, tmp_path: Path) -> None:
    async def broken(_: UserMessage) -> None:
        raise RuntimeError("planned")

    desk = reception(room, tmp_path, broken)
    desk.take({"id": "1", "text": "x"})
    await desk.close()
    assert voice("utter_error") in room.posts[0]["text"]


async def test_a_payload_for_another_channel_is_no_answer(room: Room, tmp_path: Path) -> None:
    async def wordless(message: UserMessage) -> None:
        await message.output_channel.send_response(
            message.sender_id, {"text": None, "custom": {"kind": "chart"}}
        )

    desk = reception(room, tmp_path, wordless)
    desk.take({"id": "1", "text": "x"})
    await desk.close()
    assert [voice("utter_error") in post["text"] for post in room.posts] == [True]


async def test_a_message_that_cannot_be_made_is_apologised_for(room: Room, tmp_path: Path) -> None:
    room.failures.append(KeyError("a renderer's fault"))
    desk = reception(room, tmp_path)
    desk.take({"id": "1", "text": "x"})
    await desk.close()
    assert [voice("utter_error") in post["text"] for post in room.posts] == [True]


@pytest.mark.parametrize(("temporary", "waiting"), [(True, 1), (False, 0)])
async def test_what_a_platform_could_not_take_waits_for_the_next_start(
    room: Room, tmp_path: Path, temporary: bool, waiting: int
) -> None:
    room.failures.append(Undelivered("down", temporary))
    desk = reception(room, tmp_path)
    desk.take({"id": "1", "text": "x"})
    await desk.close()
    assert room.posts == []
    again = reception(room, tmp_path)
    again.resume()
    await again.close()
    assert len(room.posts) == waiting


async def test_what_needs_no_turn_is_done_with_its_word(room: Room, tmp_path: Path) -> None:
    desk = reception(room, tmp_path)
    desk.take({"id": "1", "text": "/"})
    await desk.close()
    assert [voice("utter_empty") in post["text"] for post in room.posts] == [True]
    assert Inbox(tmp_path / "d.db").resume("room") == []


@pytest.fixture
def telegram() -> Iterator[TelegramStandIn]:
    server = TelegramStandIn()
    server.start()
    yield server
    server.stop()


async def test_a_call_gives_up_and_says_why_without_the_token(telegram: TelegramStandIn) -> None:
    api = TelegramApi(telegram.url, TOKEN)
    telegram.faults["sendMessage"].append((429, {"ok": False, "parameters": {"retry_after": 3600}}))
    with pytest.raises(Undelivered) as long_wait:
        await api.call("sendMessage", chat_id=1, text="x")
    assert long_wait.value.temporary
    with pytest.raises(Undelivered, match="message text is empty") as refused:
        await api.call("sendMessage", chat_id=1, text=" ")
    assert not refused.value.temporary
    await api.close()
    nobody = TelegramApi("http://127.0.0.1:9", TOKEN)
    with pytest.raises(Undelivered) as down:
        await nobody.call("getMe", tries=1)
    assert down.value.temporary and TOKEN.split(":")[1] not in str(down.value)
    await nobody.close()


async def test_typing_is_shown_while_an_answer_takes_longer(
    telegram: TelegramStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_module, "TYPING_AFTER", 0.05)
    block = {"access_token": TOKEN, "mode": "polling", "api_base": telegram.url}
    channel = TelegramClinicInput(TelegramSettings.read(block))
    async with channel.typing(telegram_module.Place(7)):
        pass
    async with channel.typing(telegram_module.Place(8)):
        await asyncio.sleep(0.4)
    shown = [call["chat_id"] for call in telegram.calls if call["method"] == "sendChatAction"]
    assert shown == [8]
    await channel._api.close()


@pytest.mark.parametrize("conversation", ["x" * 65, "a b", "a\x00", ""])
async def test_a_conversation_that_no_database_takes_is_not_begun(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conversation: str
) -> None:
    monkeypatch.setattr(room, "read", lambda event: Arrival("1", conversation, "x", text="hello"))
    desk = reception(room, tmp_path)
    desk.take({"id": "1", "text": "hello"})
    await desk.close()
    assert room.posts == []
