"""A person. Platform staff have no tenant; everyone else has exactly one."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from agentplatform.core.ids import new_id


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Addresses are kept in lower case: one person, one account."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        """The member of the platform's staff of this address: nobody else has a password login."""
        return self.get(email=self.normalize_email(username), is_staff=True)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """`role` says what the person may do inside the tenant. An address is unique there, not among
    tenants: that it is taken elsewhere is nobody's business."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        MEMBER = "member"
        ADMIN = "admin"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    email = models.EmailField()
    cognito_subject = models.CharField(max_length=128, null=True, blank=True, unique=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May sign in to the admin.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        db_table = "users"
        ordering = ("email",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "member", "admin"]), name="users_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="users_email_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(is_staff=True, tenant__isnull=True)
                | models.Q(is_staff=False, tenant__isnull=False),
                name="users_staff_or_of_a_tenant",
                violation_error_message="Platform staff have no tenant; everyone else has one.",
            ),
            models.UniqueConstraint(
                fields=("tenant", "email"),
                nulls_distinct=False,
                name="users_one_email_per_tenant",
                violation_error_code="unique",
                violation_error_message="There is a user with this address already.",
            ),
        )

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = UserManager.normalize_email(self.email)
