"""What a fleet's member says, and that it goes on where nobody hears it any more."""

from __future__ import annotations

import json
import logging
import os

import pytest

from flows.fleet_member import Channel


def test_a_member_is_heard_and_works_on_when_it_is_not() -> None:
    """A handler that raises would end the flow that logs."""
    reading, writing = os.pipe()
    file, logger = os.fdopen(writing, "w"), logging.Logger("member")
    channel = Channel(file)
    logger.addHandler(channel)
    logger.info("still %s", "there")
    heard = {"level": logging.INFO, "text": "still there", "console": None}
    assert json.loads(os.read(reading, 1000)) == {"log": heard}
    os.close(reading)
    logger.info("nobody is there")
    channel.send(error="interrupted; run it again to go on")
    with pytest.raises(BrokenPipeError):
        file.close()
