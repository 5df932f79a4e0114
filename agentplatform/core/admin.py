"""What the admins of all apps share."""


class ReadOnly:
    """Mixed into an admin or an inline: rows that only the platform writes, to look at."""

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False
