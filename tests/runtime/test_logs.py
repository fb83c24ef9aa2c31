"""A finished turn is one record without text, and in JSON its fields are fields of the line."""

import json
import logging

import pytest

from trialguide.runtime.logs import JsonLines, log_failure, log_turn
from trialguide.runtime.request_id import begin_request


def test_a_turn_is_one_record_with_channel_outcome_milliseconds_and_request(caplog: pytest.LogCaptureFixture) -> None:
    begin_request("request-0001")
    caplog.set_level(logging.INFO, logger="trialguide")
    log_turn("website", "answered", 0.0417)
    (record,) = caplog.records
    assert record.getMessage() == "Turn finished: channel=website outcome=answered milliseconds=42 request=request-0001"
    line = json.loads(JsonLines().format(record))
    assert {name: line[name] for name in ("level", "channel", "outcome", "milliseconds", "request")} == {
        "level": "INFO",
        "channel": "website",
        "outcome": "answered",
        "milliseconds": 42,
        "request": "request-0001",
    }


def test_other_records_have_no_fields_of_a_turn(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("as typed")
    except ValueError as error:
        log_failure("A turn failed", error)
    line = json.loads(JsonLines().format(caplog.records[0]))
    assert line.keys() == {"time", "level", "logger", "message", "request"}
    assert "as typed" not in caplog.text
