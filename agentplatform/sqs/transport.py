"""Kombu's transport for SQS, with what kombu 5.7 lacks.

There a worker ends when SQS refuses a question or does not answer it, and over some messages that
are none; a message that cannot be given back keeps its place among those under way for ever; and
each connection makes a client for each queue, which costs 0.1 s of processor and 8 MB.
"""

import os
import threading
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.transport import SQS
from kombu.utils.encoding import bytes_to_str

from agentplatform.dead_letters.envelope import as_envelope, read_item

log = structlog.get_logger("sqs")

PAUSE_SECONDS = 1.0
"""How long a worker waits before it asks again when SQS gave no answer."""
NO_ANSWER = -1
"""Stands for the number of messages received."""

# What these classes change in kombu's is not among what its type stubs describe.
_Questions: Any = AsyncSQSConnection
_Channel: Any = SQS.Channel
_Transport: Any = SQS.Transport

_clients: dict[tuple[object, ...], Any] = {}
_lock = threading.Lock()


class Questions(_Questions):
    """Asks for messages on the worker's event loop."""

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> Any:
        if response.status == self.STATUS_CODE_OK:
            return super()._on_list_ready(parent, markers, operation, response)
        log.warning(
            "sqs.no_answer",
            operation=operation,
            status=response.status,
            reason=_text(response.read() or response.reason),
        )
        return NO_ANSWER


def _text(reason: bytes | str) -> str:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return text[:500]


class Channel(_Channel):
    """Shares one client, and asks again after a pause when there was no answer."""

    _asynsqs: Questions | None = None

    def new_sqs_client(
        self,
        region: str,
        access_key_id: str | None,
        secret_access_key: str | None,
        session_token: str | None = None,
    ) -> Any:
        """One client for all queues and threads of this process."""
        given = (region, access_key_id, secret_access_key, session_token)
        key = (os.getpid(), self.endpoint_url, self.wait_time_seconds, *given)
        with _lock:
            if key not in _clients:
                _clients[key] = super().new_sqs_client(*given)
            return _clients[key]

    def asynsqs(self, queue: str | None = None) -> Questions:
        if self._asynsqs is None:
            self._asynsqs = Questions(sqs_connection=self.sqs(queue=queue), region=self.region)
        return self._asynsqs

    def _message_to_python(self, message: Any, queue_name: str, q_url: str) -> Any:
        """What is no message goes on in an envelope that no task accepts, under SQS's id of it: the
        same one when it is delivered again. Who sent it does not say which queue it came from."""
        text = bytes_to_str(self._decode_python_message_body(message["Body"]))
        item = read_item(text)
        envelope = as_envelope(item)
        if envelope is not item:
            envelope["headers"] = {"id": message["MessageId"]}
        envelope["properties"]["delivery_info"]["routing_key"] = queue_name
        if queue_name in self._noack_queues:
            self._delete_message(queue_name, message)
            return envelope
        return self._envelope_payload(envelope, text, message, q_url)

    def _on_messages_ready(self, queue: str, qname: str, messages: Any) -> int:
        if messages == NO_ANSWER:
            return NO_ANSWER
        return int(super()._on_messages_ready(queue, qname, messages))

    def _restore(self, message: Any, *unwanted: Any) -> None:
        """Give the message back at once. Failing that it comes back after its visibility timeout,
        unless another worker has done with it since."""
        try:
            super()._restore(message, *unwanted)
        except (BotoCoreError, ClientError) as error:
            log.warning("sqs.not_given_back", reason=str(error)[:500])

    def _loop1(self, queue: str, messages_fetched: int | None = None) -> None:
        if messages_fetched == NO_ANSWER:
            self.hub.call_later(PAUSE_SECONDS, self._schedule_queue, queue)
        else:
            super()._loop1(queue, messages_fetched)


class Transport(_Transport):
    """What `sqs://` means to Celery."""

    Channel = Channel
