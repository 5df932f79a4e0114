from apps.tools.models.artifact import Artifact
from apps.tools.models.tool_call import ToolCall
from apps.tools.models.tool_limit import ToolDefault, ToolLimit
from apps.tools.models.tool_secret import ToolSecret

__all__ = ["Artifact", "ToolCall", "ToolDefault", "ToolLimit", "ToolSecret"]
