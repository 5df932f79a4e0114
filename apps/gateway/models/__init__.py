from apps.gateway.models.llm_call import LlmCall
from apps.gateway.models.llm_event import LlmEvent
from apps.gateway.models.model_price import ModelPrice

__all__ = ["LlmCall", "LlmEvent", "ModelPrice"]
