"""Celery's consumer, for which no message is a reason to stop.

What cannot be read, names no task of ours or breaks the protocol is written down and acknowledged.
"""

from collections.abc import Callable
from typing import Any

from celery.utils.log import get_logger
from celery.worker import consumer
from kombu.transport.virtual import Message

from agentplatform.core.clock import now
from agentplatform.dead_letters.bury_message import bury_message
from agentplatform.dead_letters.protocol import BadMessage, check_message, describe_message
from agentplatform.dead_letters.reasons import Reason

FAULTS = (AttributeError, LookupError, TypeError, ValueError)
"""What Celery raises at headers that it did not write itself."""


log = get_logger(consumer.__name__)


class Consumer(consumer.Consumer):
    strategies: dict[str, Any]
    connection_errors: tuple[type[Exception], ...]

    def create_task_handler(self, *arguments: Any, **options: Any) -> Callable[[Message], Any]:
        handle = super().create_task_handler(*arguments, **options)

        def handle_or_bury(message: Message) -> Any:
            try:
                check_message(message, known=self.strategies)
                return handle(message)
            except BadMessage as error:
                self._bury(message, error.reason, str(error))
            except FAULTS as error:
                self._bury(message, Reason.INVALID_MESSAGE, f"{type(error).__name__}: {error}")

        return handle_or_bury

    def on_invalid_task(self, _body: Any, message: Message, exc: Exception) -> None:
        self._bury(message, Reason.INVALID_MESSAGE, str(exc))

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        self._bury(message, Reason.UNREADABLE, str(exc))

    def _bury(self, message: Message, reason: Reason, detail: str) -> None:
        described = describe_message(message)
        bury_message(
            task=described.task,
            payload=described.payload,
            reason=reason,
            detail=detail,
            message_id=described.message_id,
            at=now(),
        )
        message.ack_log_error(log, self.connection_errors)
