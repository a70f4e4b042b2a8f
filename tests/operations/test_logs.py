"""What a person wrote stays out of the logs even when something fails on it, in whatever format they are."""

import io
import json
import logging
import sys

import pytest
from rasa.utils.endpoints import ClientResponseError

from hair_answers.operations.logs import JsonFormatter, clean, install

SECRET = "my name is Perpetua Wigglesworth"


@pytest.fixture(params=[logging.Formatter, JsonFormatter])
def log(request):
    before = logging.getLogRecordFactory()
    install()
    stream = io.StringIO()
    logger, handler = logging.getLogger("test-of-logs"), logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


def fail():
    """Fail as Rasa does when an action fails: the cause quotes the whole conversation."""
    try:
        raise ClientResponseError(500, "Internal Server Error", json.dumps({"request_body": SECRET}))
    except ClientResponseError as error:
        raise RuntimeError(f"could not read {SECRET}") from error


def test_a_failure_is_logged_by_class_and_place_without_its_words(log):
    logger, stream = log
    try:
        fail()
    except RuntimeError:
        logger.exception("A turn failed.")
    assert "Wigglesworth" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue() and "fail (test_logs.py:" in stream.getvalue()


def test_the_cause_is_named_too_in_plain_logs():
    install()
    try:
        fail()
    except RuntimeError:
        record = logging.getLogRecordFactory()("x", logging.ERROR, "x.py", 1, "failed", (), sys.exc_info())
    assert "from ClientResponseError at fail" in record.exc_text


@pytest.mark.parametrize("key", ["text", "message", "latest_message", "input_text", "query"])
def test_quoted_texts_of_libraries_are_left_out(key):
    assert "zebra" not in clean(f"got {{'{key}': 'a zebra'}}") + clean(f'{key}="a zebra"')
