"""Print `.env.example`: `python -m agentplatform.settings.example > .env.example`."""

import sys

from pydantic import SecretStr

from agentplatform.settings.environment import ROOT, Environment


def render_example() -> str:
    """One commented line a setting: its description, its name and its default."""
    lines = ["# Made by `make env-example` from agentplatform/settings.", ""]
    own = Environment.__annotations__
    for name, field in sorted(Environment.model_fields.items(), key=lambda one: one[0] not in own):
        default = field.default
        text = default.get_secret_value() if isinstance(default, SecretStr) else str(default)
        lines += [f"# {field.description}", f"#{name.upper()}={text.replace(f'{ROOT}/', '')}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(render_example())
