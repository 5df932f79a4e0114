"""The users of a tenant over HTTP."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from apps.tenants.api.serializers import UserChange, UserFilter, UserRead, UserWrite
from apps.tenants.facade import principal_of
from apps.tenants.models import User
from apps.tenants.services.change_user import change_user
from apps.tenants.services.create_user import create_user


@extend_schema(tags=["users"])
class UserList(PagedView):
    """POST adds a person; GET lists the tenant's, newest first."""

    required_right = "admin"
    required_right_to_read = "admin"

    @extend_schema(
        parameters=[UserFilter], responses=UserRead(many=True), operation_id="users_list"
    )
    def get(self, request: Request) -> Response:
        wanted = UserFilter(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        filters = dict(wanted.validated_data)
        if "email" in filters:
            filters["email"] = User.objects.normalize_email(filters["email"])
        users = User.objects.filter(tenant_id=principal_of(request).tenant_id, **filters)
        return self.answer_page(request, users, UserRead)

    @extend_schema(request=UserWrite, responses={201: UserRead})
    def post(self, request: Request) -> Response:
        body = UserWrite(data=request.data)
        body.is_valid(raise_exception=True)
        user = create_user(
            tenant_id=principal_of(request).tenant_id, at=now(), **body.validated_data
        )
        return Response(UserRead(user).data, status=201)


@extend_schema(tags=["users"], responses=UserRead)
class UserDetail(APIView):
    """One person; PATCH changes the role or deactivates."""

    required_right = "admin"
    required_right_to_read = "admin"

    def get(self, request: Request, user_id: UUID) -> Response:
        tenant_id = principal_of(request).tenant_id
        user = User.objects.filter(tenant_id=tenant_id, id=user_id).first()
        if user is None:
            raise NotFound(f"There is no user {user_id}.")
        return Response(UserRead(user).data)

    @extend_schema(request=UserChange)
    def patch(self, request: Request, user_id: UUID) -> Response:
        body = UserChange(data=request.data)
        body.is_valid(raise_exception=True)
        user = change_user(
            tenant_id=principal_of(request).tenant_id,
            user_id=user_id,
            at=now(),
            **body.validated_data,
        )
        return Response(UserRead(user).data)
