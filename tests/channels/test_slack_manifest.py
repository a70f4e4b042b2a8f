"""The manifest people paste asks for what the channel uses: no scope too few, none too many."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest
import yaml

from hair_answers.operations.training import ROOT

PAGE = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
# docs.slack.dev: the scope each event needs; chat.* and views.publish; slash commands
NEEDED = {"app_mention": "app_mentions:read", "message.im": "im:history", "app_home_opened": None}


@pytest.fixture
def manifest() -> dict[str, Any]:
    match = re.search(r"( +)```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return dict(yaml.safe_load(textwrap.dedent(match.group(2))))


def test_the_scopes_are_those_of_the_events_and_calls(manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(NEEDED)
    wanted = {scope for event in events if (scope := NEEDED[event])} | {"chat:write", "commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == wanted
    assert all(f"| `{scope}` |" in PAGE for scope in wanted), "each scope is justified"


def test_every_address_is_the_channels_own(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    (command,) = manifest["features"]["slash_commands"]
    addresses = [
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
        command["url"],
    ]
    assert {address.partition("example")[2] for address in addresses} == {"/webhooks/slack/webhook"}
    assert settings["interactivity"]["is_enabled"] and command["command"] == "/hair"


def test_people_can_write_to_the_bot(manifest: dict[str, Any]) -> None:
    home = manifest["features"]["app_home"]
    assert (
        home["home_tab_enabled"]
        and home["messages_tab_enabled"]
        and not home["messages_tab_read_only_enabled"]
    )
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["display_information"]["name"]) <= 35
