"""Session tokens and button tickets: made here, believed only when made here."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from hair_answers.channels.website.sessions import SECRET_VARIABLE, SecretError, Sessions, load_secret

SECRET = b"a secret of the tests, long enough"


class Clock:
    """A clock that is moved by hand."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(SECRET, hours=2, clock=clock)


def test_a_token_resumes_its_own_session(sessions: Sessions) -> None:
    session = sessions.start()
    resumed = sessions.resume(session.token)
    assert resumed and resumed.sender_id == session.sender_id


def test_no_two_sessions_share_anything(sessions: Sessions) -> None:
    made = [sessions.start() for _ in range(200)]
    assert len({s.sender_id for s in made}) == len({s.token for s in made}) == 200


def test_the_sender_id_is_opaque_and_fits_every_store(sessions: Sessions) -> None:
    session = sessions.start()
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", session.sender_id)
    assert session.sender_id.removeprefix("web-") not in session.token
    assert session.token.partition(".")[0] not in session.sender_id


def test_another_worker_with_the_same_secret_believes_the_token(sessions: Sessions, clock: Clock) -> None:
    session = sessions.start()
    other = Sessions(SECRET, hours=2, clock=clock).resume(session.token)
    assert other and other.sender_id == session.sender_id


def test_a_token_ends_and_use_renews_it(sessions: Sessions, clock: Clock) -> None:
    token = sessions.start().token
    clock.now += 2 * 3600
    renewed = sessions.resume(token)
    assert renewed and renewed.token != token
    clock.now += 1
    assert sessions.resume(token) is None
    clock.now += 2 * 3600 - 1
    assert sessions.resume(renewed.token)


def _forgeries(token: str) -> list[object]:
    identity, issued, signature = token.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    return [
        f"{identity}.{issued}.{flipped}",
        f"{identity[::-1]}.{issued}.{signature}",
        f"{identity}.{int(issued) + 1}.{signature}",
        f"{identity}.{issued}.",
        f"{identity}.{issued}",
        f"{identity}..{signature}",
        f"..{signature}",
        f"{identity}.{issued}.{signature}.",
        f" {token}",
        token + "\n",
        token * 3,
        "",
        ".",
        "…",
        "\ud800",
        "default",
        None,
        7,
        True,
        [token],
        {"token": token},
        token.encode(),
    ]


@pytest.mark.parametrize("number", range(22))
def test_a_forged_token_is_refused(sessions: Sessions, number: int) -> None:
    forgeries = _forgeries(sessions.start().token)
    assert len(forgeries) == 22
    assert sessions.resume(forgeries[number]) is None


def test_a_token_of_another_secret_is_refused(sessions: Sessions, clock: Clock) -> None:
    assert sessions.resume(Sessions(SECRET + b"!", 2, clock).start().token) is None


def test_a_ticket_passes_its_payload_in_its_conversation_only(sessions: Sessions) -> None:
    one, two = sessions.start().sender_id, sessions.start().sender_id
    ticket = sessions.ticket(one, "/causes/overview")
    assert sessions.offered(one, "/causes/overview", ticket)
    assert not sessions.offered(two, "/causes/overview", ticket)
    assert not sessions.offered(one, "/restart", ticket)
    for wrong in ("", ticket[:-1], ticket + "A", None, 5, "…"):
        assert not sessions.offered(one, "/causes/overview", wrong)


def test_parts_of_a_signature_cannot_be_shifted(sessions: Sessions) -> None:
    assert sessions.ticket("ab", "c") != sessions.ticket("a", "bc")


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    path = tmp_path / "state" / "secret"
    first = load_secret(path)
    assert len(first) == 64 and load_secret(path) == first
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"], "no draft is left behind"


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "e" * 40)
    assert load_secret(tmp_path / "secret") == b"e" * 40
    assert not (tmp_path / "secret").exists()


def test_a_short_secret_is_refused_with_its_length_and_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "short")
    with pytest.raises(SecretError, match=r"HAIR_ANSWERS_SECRET has 5 characters.*token_hex"):
        load_secret(tmp_path / "secret")
