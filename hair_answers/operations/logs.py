"""Logs without anything a person wrote: exceptions by class and place, in any format; as JSON also no conversation id.

`deploy/logging.yml` uses the JSON lines: `rasa run --logging-config-file deploy/logging.yml`.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from types import TracebackType
from typing import Any

from hair_answers.storage.pseudonym import pseudonym
from hair_answers.storage.redaction import redact

DEPTH = 8  # frames of a trace, exceptions of a chain
# What Rasa and its libraries write of messages when they log more than they should.
_TEXTS = re.compile(
    r"""(['"]?(?:text|message|latest_message|input_text|query)['"]?\s{0,3}[:=]\s{0,3})"""
    r"""(?:'[^']{0,2000}'|"[^"]{0,2000}")"""
)
_SENDERS = re.compile(
    r"""((?:sender[_ ]id|conversation(?:[_ ]id)?|recipient_id)['"]?\s{0,3}[:=]?\s{0,3}['"]?)([\w-]{8,64})"""
)


def clean(message: str) -> str:
    """A log message without quoted texts, conversation ids or identifiers."""
    message = _TEXTS.sub(r"\1[TEXT]", message)
    message = _SENDERS.sub(lambda match: match[1] + pseudonym(match[2]), message)
    return redact(message)


def places(trace: TracebackType | None) -> str:
    """Where an exception arose, the place itself first."""
    frames = traceback.extract_tb(trace)[-DEPTH:]
    return " < ".join(
        f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})" for frame in frames[::-1]
    )


def described(error: BaseException | None) -> str:
    """An exception and its causes by class and place: their own words may quote what somebody wrote."""
    lines: list[str] = []
    while error is not None and len(lines) < DEPTH:
        lines.append(f"{type(error).__name__} at {places(error.__traceback__)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n  from ".join(lines)


def install() -> None:
    """Keep the words of exceptions out of every log of this process; calling it again changes nothing."""
    make = logging.getLogRecordFactory()
    if getattr(make, "is_wordless", False):
        return

    def make_wordless(*args: Any, **kwargs: Any) -> logging.LogRecord:
        """Make a record whose exception is described already: formatters take that over."""
        record = make(*args, **kwargs)
        if record.exc_info and record.exc_info[1]:
            record.exc_text = described(record.exc_info[1])
        return record

    make_wordless.is_wordless = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_wordless)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time in UTC, level, logger, message, the error's class and where it arose."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        if sender := getattr(record, "conversation", None):
            line["conversation"] = pseudonym(str(sender))
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)
