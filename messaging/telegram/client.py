"""A small client of Telegram's Bot API (https://core.telegram.org/bots/api#making-requests).

Each call opens a connection. On a persistent connection a call may meet a server that has just closed
it, and it is unknown whether the server read the call. Here a call that found no connection was
certainly not made, so it can be repeated.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from messaging.channels import PAUSE_AFTER_SILENCE_SECONDS, PAUSE_SECONDS, TELEGRAM, pause_channel
from messaging.errors import (
    ChannelMisconfigured,
    ChannelUnavailable,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)

CONNECT_TIMEOUT_SECONDS = 5.0
ANSWER_TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 100_000
MAX_TEXT_CHARACTERS = 4096

# The bot's token or address is wrong: an operator has to correct it.
MISCONFIGURED = {401, 404}
GATEWAY_TIMEOUT = 504


def send_message(chat_id: int, text: str) -> None:
    """Send a text to a chat, as much of it as a message may have.

    Raises what ``call`` raises.
    """
    call("sendMessage", chat_id=chat_id, text=fit_text(text))


def count_characters(text: str) -> int:
    """Return the length of a text as Telegram counts it: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def fit_text(text: str) -> str:
    """Return a text cut to the 4096 characters that a message may have, as Telegram counts them."""
    units = text.encode("utf-16-le")[: 2 * MAX_TEXT_CHARACTERS]
    return units.decode("utf-16-le", errors="ignore")  # a character that was cut in half is left out


def call(method: str, **parameters: object) -> Any:
    """Call a method of the Bot API and return its result.

    Raises:
        ChannelMisconfigured: the bot's token is missing or wrong.
        ChannelUnavailable: no connection, or 5xx.
        TemporaryFailure: 429, too many messages.
        PermanentFailure: Telegram refuses this call; the text is its reason.
        UnknownOutcome: the call was sent, its answer did not come.
    """
    if not settings.TELEGRAM_BOT_TOKEN:
        raise ChannelMisconfigured("TELEGRAM_BOT_TOKEN is not set")
    connection = _connect(urlsplit(settings.TELEGRAM_API_URL))
    try:
        status, body = _exchange(connection, method, json.dumps(parameters).encode())
    finally:
        connection.close()
    return _result(status, body)


def _connect(server: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if server.scheme == "https" else HTTPConnection
    connection = kind(server.hostname or "", server.port, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        connection.connect()
    except OSError as error:
        pause_channel(TELEGRAM, PAUSE_SECONDS)
        raise ChannelUnavailable(f"No connection to {server.netloc}: {error}") from error
    connection.sock.settimeout(ANSWER_TIMEOUT_SECONDS)
    return connection


def _exchange(connection: HTTPConnection, method: str, body: bytes) -> tuple[int, bytes]:
    path = urlsplit(settings.TELEGRAM_API_URL).path.rstrip("/")
    # Quoted: an error about an invalid character would repeat the token.
    address = f"{path}/bot{quote(settings.TELEGRAM_BOT_TOKEN, safe=':')}/{method}"
    try:
        connection.request("POST", address, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_ANSWER_BYTES)
    except (OSError, HTTPException) as error:
        pause_channel(TELEGRAM, PAUSE_AFTER_SILENCE_SECONDS)
        raise UnknownOutcome(f"Telegram did not answer {method}: {error!r}") from error


def _result(status: int, body: bytes) -> Any:
    answer = _read(body)
    if status == 200 and answer.get("ok") is True:
        return answer.get("result")
    reason = f"Telegram answered {status}: {answer.get('description', 'no description')}"
    if status == 429:
        seconds = _retry_after(answer)
        pause_channel(TELEGRAM, seconds)
        raise TemporaryFailure(reason, retry_after=seconds)
    if status == GATEWAY_TIMEOUT or status < 400:
        raise UnknownOutcome(reason)
    if status in MISCONFIGURED:
        raise ChannelMisconfigured(reason)
    if status >= 500:
        raise ChannelUnavailable(reason)
    raise PermanentFailure(reason)


def _read(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after(answer: dict[str, Any]) -> float:
    match answer:
        case {"parameters": {"retry_after": int(seconds)}}:
            return max(0, seconds)
    return 0
