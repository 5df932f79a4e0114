"""What every serializer of the API has in common."""

from typing import Any, Final

from rest_framework import serializers

PAGING: Final = frozenset({"cursor", "page_size"})


class ObjectField(serializers.DictField):
    """Any JSON object."""

    default_error_messages = {"not_a_dict": "Send a JSON object."}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know or that the client cannot set, by name."""

    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {field.field_name for field in self._writable_fields}
            surplus = [name for name in data if name not in writable]
            if surplus:
                raise serializers.ValidationError({name: [self._why(name)] for name in surplus})
        return super().to_internal_value(data)

    def _why(self, name: str) -> str:
        return "This field cannot be set." if name in self.fields else "There is no such field."


class Nothing(StrictSerializer):
    """An empty body, or none."""


class StrictQuery(serializers.Serializer[Any]):
    """What a list can be narrowed to. Refuses parameters that it does not know, by name: a filter
    that is misspelt must not be a filter left out."""

    def to_internal_value(self, data: Any) -> Any:
        if surplus := sorted(set(data) - set(self.fields) - PAGING):
            known = ", ".join(self.fields) or "none but those of pages"
            why = f"There is no such parameter; there are {known}."
            raise serializers.ValidationError({name: [why] for name in surplus})
        return super().to_internal_value(data)


class NoQuery(StrictQuery):
    """A list that cannot be narrowed."""
