from apps.gateway.models.keyed_call import KeyedCall
from apps.gateway.models.llm_call import LlmCall
from apps.gateway.models.llm_event import LlmEvent
from apps.gateway.models.model_policy import ModelPolicy
from apps.gateway.models.model_price import ModelPrice
from apps.gateway.models.model_route import ModelRoute
from apps.gateway.models.provider_key import ProviderKey

__all__ = [
    "KeyedCall",
    "LlmCall",
    "LlmEvent",
    "ModelPolicy",
    "ModelPrice",
    "ModelRoute",
    "ProviderKey",
]
