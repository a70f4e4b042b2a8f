"""Logs as one JSON object a line: no text of a person, no conversation id, only its pseudonym.

`deploy/logging.yml` uses this: `rasa run --logging-config-file deploy/logging.yml`.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback

from hair_answers.storage.pseudonym import pseudonym
from hair_answers.storage.redaction import redact

# What Rasa and its libraries write of messages when they log more than they should.
_TEXTS = re.compile(
    r"""(['"]?(?:text|message|latest_message|input_text"
    r"|query)['"]?\s{0,3}[:=]\s{0,3})(?:'[^']{0,2000}'|"[^"]{0,2000}")"""
)
_SENDERS = re.compile(
    r"""((?:sender[_ ]id|conversation(?:[_ ]id)?|recipient_id)['"]?\s{0,3}[:=]?\s{0,3}['"]?)([\w-]{8,64})"""
)


def clean(message: str) -> str:
    """A log message without quoted texts, conversation ids or identifiers."""
    message = _TEXTS.sub(r"\1[TEXT]", message)
    message = _SENDERS.sub(lambda match: match[1] + pseudonym(match[2]), message)
    return redact(message)


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
            # Places only: an exception's own text may quote a message.
            frames = traceback.extract_tb(record.exc_info[2])[-8:]
            line["at"] = " < ".join(
                f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})" for frame in frames[::-1]
            )
        return json.dumps(line, ensure_ascii=False)
