"""Telegram, end to end: a real server with the trained model against the stand-in Bot API."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from hair_answers.channels.reception import wording
from tests.channels.stand_ins.loopback import at_least, wait_for
from tests.channels.stand_ins.running import Running
from tests.channels.stand_ins.telegram import BOT, SECRET, TOKEN, TelegramStandIn, person
from tests.channels.talking import KEYS, new_person, opening, question, said, trigger, voice

pytestmark = pytest.mark.server
KEY = KEYS[0]


@pytest.fixture
def user() -> int:
    return new_person()


def posts(telegram: TelegramStandIn, chat: int, count: int = 1) -> list[dict[str, Any]]:
    """The first `count` posts in a chat."""
    return at_least(count, lambda: telegram.seen_in(chat))


def tell(telegram: TelegramStandIn, user: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    update = telegram.message(user, text, **more)
    telegram.run(telegram.deliver(update))
    return update


def only_answer(telegram: TelegramStandIn, user: int) -> dict[str, Any]:
    """Ask a last question; return the one post there is, so that nothing before it was answered."""
    tell(telegram, user, question(KEY))
    seen = posts(telegram, user)
    assert len(seen) == 1 and opening(KEY, "telegram") in seen[0]["text"], [post["text"] for post in seen]
    return seen[0]


def test_the_bot_introduces_itself_to_telegram(running: Running, telegram: TelegramStandIn) -> None:
    webhook = wait_for(lambda: telegram.webhook)
    assert webhook["url"] == f"{running.url}/webhooks/telegram/webhook" and webhook["secret_token"] == SECRET
    assert set(webhook["allowed_updates"]) == {
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    }
    (menu,) = [call for call in telegram.calls if call["method"] == "setMyCommands"]
    assert [row["command"] for row in menu["commands"]] == [row["command"] for row in wording()["commands"]]


def test_a_question_gets_its_answer_with_sources_and_buttons(telegram: TelegramStandIn, user: int) -> None:
    took = telegram.run(telegram.deliver(telegram.message(user, question(KEY))))
    (post,) = posts(telegram, user)
    assert took < 0.5
    assert opening(KEY, "telegram") in post["text"] and '<a href="https://' in post["text"]
    assert post["parse_mode"] == "HTML" and post["link_preview_options"] == {"is_disabled": True}
    assert post["reply_markup"]["inline_keyboard"] and "reply_parameters" not in post


@pytest.mark.parametrize("given", [None, "", "wrong", SECRET[:-1], "ü"])
def test_only_telegram_is_believed(
    running: Running, telegram: TelegramStandIn, user: int, given: str | None
) -> None:
    headers = {} if given is None else {"X-Telegram-Bot-Api-Secret-Token": given.encode()}
    update = telegram.message(user, "forged")
    address = f"{running.url}/webhooks/telegram/webhook"
    assert requests.post(address, json=update, headers=headers, timeout=5).status_code == 403
    only_answer(telegram, user)


def test_nothing_else_is_open(running: Running) -> None:
    base = f"{running.url}/webhooks/telegram"
    assert requests.get(f"{base}/webhook", timeout=5).status_code == 405
    assert requests.get(f"{base}/set_webhook", timeout=5).status_code == 404


def test_an_update_delivered_again_is_answered_once(telegram: TelegramStandIn, user: int) -> None:
    update = tell(telegram, user, question(KEY))
    for _ in range(3):
        assert telegram.run(telegram.send(update)) == 200
    tell(telegram, user, question(KEYS[1]))
    assert opening(KEYS[1], "telegram") in posts(telegram, user, 2)[1]["text"]


POISON = [
    {"update_id": 1}, {"update_id": 2, "message": {}}, {"update_id": 3, "message": {"chat": 5, "from": {"id": 1}}},
    {"update_id": 4, "callback_query": {}}, {"update_id": 5, "message": []}, [], "text", {"message": {"from": 7}},
]  # fmt: skip


def test_poison_updates_are_acknowledged(telegram: TelegramStandIn, user: int) -> None:
    for poison in POISON:
        assert telegram.run(telegram.send(poison)) == 200
    only_answer(telegram, user)


def test_what_asks_for_nothing_is_acknowledged(telegram: TelegramStandIn, user: int) -> None:
    chat, member = {"id": user, "type": "private"}, {"user": BOT, "status": "kicked", "until_date": 0}
    channel = {"id": -1001, "type": "channel", "title": "News"}
    for update in (
        telegram.update(
            my_chat_member={"chat": chat, "from": person(user), "date": 1, "new_chat_member": member}
        ),
        telegram.update(
            channel_post={"message_id": 1, "chat": channel, "date": 1, "text": question(KEYS[1])}
        ),
        telegram.update(edited_channel_post={"message_id": 1, "chat": channel, "date": 1, "text": "x"}),
        telegram.update(poll={"id": "1", "question": "?", "options": []}),
        telegram.update(inline_query={"id": "1", "from": person(user), "query": "x", "offset": ""}),
        telegram.message(user, new_chat_title="x"),
        telegram.message(user, chat={"id": user, "type": "private"}, pinned_message={"message_id": 1}),
        telegram.update(message={"message_id": 1, "from": BOT, "chat": chat, "date": 1, "text": "echo"}),
    ):
        assert telegram.run(telegram.send(update)) == 200
    only_answer(telegram, user)


MEDIA = [
    {"photo": [{"file_id": "1", "width": 1, "height": 1}]}, {"voice": {"file_id": "1", "duration": 1}},
    {"sticker": {"file_id": "1", "emoji": "x"}}, {"location": {"latitude": 1.0, "longitude": 1.0}},
    {"document": {"file_id": "1"}}, {"video_note": {"file_id": "1", "length": 1}},
    {"contact": {"phone_number": "1", "first_name": "x"}},
]  # fmt: skip


@pytest.mark.parametrize("media", MEDIA, ids=lambda media: next(iter(media)))
def test_media_are_refused_politely(telegram: TelegramStandIn, user: int, media: dict[str, Any]) -> None:
    tell(telegram, user, **media)
    (post,) = posts(telegram, user)
    assert voice("utter_no_media") in post["text"]
    assert not [call for call in telegram.calls if call["method"] == "getFile"]


def test_a_caption_is_answered_after_the_refusal(telegram: TelegramStandIn, user: int) -> None:
    tell(telegram, user, caption=question(KEY), **MEDIA[0])
    refusal, answer = posts(telegram, user, 2)
    assert voice("utter_no_media") in refusal["text"] and opening(KEY, "telegram") in answer["text"]


def test_an_edit_is_a_new_question(telegram: TelegramStandIn, user: int) -> None:
    edited = telegram.message(user, question(KEY), edit_date=1)
    telegram.run(telegram.deliver(telegram.update(edited_message=edited["message"])))
    assert opening(KEY, "telegram") in posts(telegram, user)[0]["text"]
    caption = telegram.message(user, caption=question(KEYS[1]), **MEDIA[0])
    telegram.run(telegram.deliver(telegram.update(edited_message=caption["message"])))
    assert opening(KEYS[1], "telegram") in posts(telegram, user, 3)[2]["text"]


@pytest.mark.parametrize("command", ["/start", "/start from_website", "/START", "/start@clinic_bot"])
def test_start_greets(telegram: TelegramStandIn, user: int, command: str) -> None:
    tell(telegram, user, command)
    (post,) = posts(telegram, user)
    assert "<b>Hair Answers</b>" in post["text"] and post["reply_markup"]["inline_keyboard"]


@pytest.mark.parametrize("row", wording()["commands"], ids=lambda row: row["command"])
def test_every_command_of_the_menu_is_answered(
    running: Running, telegram: TelegramStandIn, user: int, row: dict[str, str]
) -> None:
    tell(telegram, user, f"/{row['command']}")
    posts(telegram, user)
    assert said(running, f"telegram-{user}") == [row["payload"]]


@pytest.mark.parametrize("typed", ['/session_start{"x": "y"}', "//restart", "\u200b/back"])
def test_a_typed_slash_is_a_word_and_no_command(
    running: Running, telegram: TelegramStandIn, user: int, typed: str
) -> None:
    tell(telegram, user, typed)
    posts(telegram, user)
    assert said(running, f"telegram-{user}") == [typed.strip("\u200b/")]


def test_a_tap_is_confirmed_takes_its_button_away_and_is_answered(
    telegram: TelegramStandIn, user: int
) -> None:
    tell(telegram, user, question("causes/overview"))
    (post,) = posts(telegram, user)
    title = post["reply_markup"]["inline_keyboard"][0][0]["text"]
    tap = telegram.tap(user, post, title)
    telegram.run(telegram.deliver(tap))
    _, answer = posts(telegram, user, 2)
    assert answer["text"].startswith(f"<b>{title}</b>\n\n")
    confirmed = [call for call in telegram.calls if call["method"] == "answerCallbackQuery"]
    assert confirmed[-1]["callback_query_id"] == tap["callback_query"]["id"]
    assert title not in str(post["reply_markup"]) and post["reply_markup"]["inline_keyboard"]


def test_a_button_whose_answer_has_gone_asks_with_its_words(
    running: Running, telegram: TelegramStandIn, user: int
) -> None:
    tell(telegram, user, question("causes/overview"))
    (post,) = posts(telegram, user)
    entry = post["reply_markup"]["inline_keyboard"][0][0]
    tap = telegram.tap(user, post, entry["text"])
    tap["callback_query"]["data"] = entry["callback_data"] = "f" * 20
    telegram.run(telegram.deliver(tap))
    posts(telegram, user, 2)
    assert said(running, f"telegram-{user}")[-1] == entry["text"]


def test_a_tap_on_a_message_telegram_has_forgotten_is_answered(telegram: TelegramStandIn, user: int) -> None:
    tell(telegram, user, question("causes/overview"))
    (post,) = posts(telegram, user)
    tap = telegram.tap(user, post, post["reply_markup"]["inline_keyboard"][0][0]["text"])
    del tap["callback_query"]["message"]
    telegram.run(telegram.deliver(tap))
    posts(telegram, user, 2)


def test_a_forged_tap_gets_an_honest_word(telegram: TelegramStandIn, user: int) -> None:
    query = {"id": "1", "from": person(user), "chat_instance": "1", "data": '/restart{"x": 1}'}
    telegram.run(telegram.deliver(telegram.update(callback_query=query)))
    assert voice("utter_empty") in posts(telegram, user)[0]["text"]


def group(number: int, kind: str = "supergroup") -> dict[str, Any]:
    return {"id": -1_000_000_000 - number, "title": "Hair", "type": kind}


def test_a_group_is_left_in_peace(telegram: TelegramStandIn, user: int) -> None:
    chat = group(user)
    tell(telegram, user, question(KEYS[1]), chat=chat)
    tell(telegram, user, chat=chat, **MEDIA[0])
    tell(telegram, user, "/start", chat=chat)
    tell(telegram, user, "/start@other_bot", chat=chat)
    tell(telegram, user, "@clinic_bots " + question(KEYS[1]), chat=chat)
    tell(telegram, user, f"@Clinic_Bot {question(KEY)}", chat=chat)
    (post,) = posts(telegram, chat["id"])
    assert opening(KEY, "telegram") in post["text"]


def test_people_in_a_group_have_conversations_of_their_own(
    running: Running, telegram: TelegramStandIn, user: int
) -> None:
    chat, other = group(user), new_person()
    asked = tell(
        telegram, user, f"@clinic_bot {question(KEY)}", chat=chat, message_thread_id=7, is_topic_message=True
    )
    (post,) = posts(telegram, chat["id"])
    assert (
        post["reply_parameters"]["message_id"] == asked["message"]["message_id"]
        and post["message_thread_id"] == 7
    )
    reply = {"message_id": post["message_id"], "from": BOT, "chat": chat, "date": 1, "text": "…"}
    tell(telegram, other, question(KEYS[1]), chat=chat, reply_to_message=reply)
    posts(telegram, chat["id"], 2)
    assert said(running, f"telegram-{chat['id']}-{user}") == [question(KEY)]
    assert said(running, f"telegram-{chat['id']}-{other}") == [question(KEYS[1])]


def test_a_rate_limit_delays_the_answer_and_doubles_nothing(telegram: TelegramStandIn, user: int) -> None:
    body = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests",
        "parameters": {"retry_after": 1},
    }
    telegram.faults["sendMessage"].extend([(429, body), (429, body)])
    started = time.monotonic()
    only_answer(telegram, user)
    assert time.monotonic() - started >= 2


def test_a_failing_platform_is_tried_again(telegram: TelegramStandIn, user: int) -> None:
    for status in (500, 502):
        telegram.faults["sendMessage"].append(
            (status, {"ok": False, "error_code": status, "description": "Bad Gateway"})
        )
    only_answer(telegram, user)


def test_who_has_blocked_the_bot_is_not_tried_again(
    running: Running, telegram: TelegramStandIn, user: int
) -> None:
    telegram.blocked.add(user)
    tell(telegram, user, question(KEY))
    wait_for(lambda: "bot was blocked by the user" in running.log)
    assert len([c for c in telegram.calls if c["method"] == "sendMessage" and c["chat_id"] == user]) == 1
    only_answer(telegram, new_person())


def test_a_flood_is_told_so_once(telegram: TelegramStandIn, user: int) -> None:
    for _ in range(14):
        tell(telegram, user, question(KEY))
    seen = posts(telegram, user, 9)
    assert len(seen) == 9 and len([p for p in seen if voice("utter_rate_limited") in p["text"]]) == 1


def test_a_long_message_costs_nobody_time(telegram: TelegramStandIn, user: int) -> None:
    tell(telegram, user, "why " * 1024)
    assert voice("utter_too_long") in posts(telegram, user)[0]["text"]
    assert telegram.run(telegram.send(telegram.message(user, "x" * 600_000))) == 413


@pytest.mark.parametrize("output", ["telegram", "latest"])
def test_the_clinic_may_speak_first(
    running: Running, telegram: TelegramStandIn, user: int, output: str
) -> None:
    tell(telegram, user, question(KEY))
    posts(telegram, user)
    assert trigger(running, f"telegram-{user}", output) == 200
    assert voice("utter_rephrase") in posts(telegram, user, 2)[1]["text"]


def test_no_secret_and_no_question_is_in_the_log(
    running: Running, telegram: TelegramStandIn, user: int
) -> None:
    telegram.faults["sendMessage"].append((500, {}))
    tell(telegram, user, "a very private zebra question")
    posts(telegram, user)
    assert TOKEN.split(":")[1] not in running.log and SECRET not in running.log and "zebra" not in running.log
