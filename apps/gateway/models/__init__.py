from apps.gateway.models.llm_call import LlmCall
from apps.gateway.models.llm_event import LlmEvent

__all__ = ["LlmCall", "LlmEvent"]
