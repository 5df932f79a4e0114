from apps.tools.models.artifact import Artifact
from apps.tools.models.tool_call import ToolCall

__all__ = ["Artifact", "ToolCall"]
