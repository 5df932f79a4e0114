"""The budgets of users, API keys and runs over HTTP. The tenant's own is set by the platform."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentplatform.api.pagination import PagedView
from agentplatform.api.serializers import NoQuery
from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from apps.tenants.api.budget_serializers import BudgetRead, BudgetWrite
from apps.tenants.contracts import EACH_RUN, BudgetOwner
from apps.tenants.facade import principal_of
from apps.tenants.models import Budget
from apps.tenants.selectors import budgets_of, with_month_use
from apps.tenants.services.member_budget import remove_member_budget, set_member_budget


@extend_schema(tags=["budgets"])
class BudgetList(PagedView):
    """Every budget that the tenant's admins have set, newest first."""

    required_right_to_read = "admin"

    @extend_schema(responses=BudgetRead(many=True), operation_id="budgets_list")
    def get(self, request: Request) -> Response:
        NoQuery(data=request.query_params).is_valid(raise_exception=True)
        budgets = Budget.objects.filter(tenant_id=principal_of(request).tenant_id)
        return self.answer_page(request, with_month_use(budgets, at=now()), BudgetRead)


class _OneBudget(APIView):
    required_right = "admin"
    required_right_to_read = "admin"

    def _show(self, request: Request, owner: BudgetOwner) -> Response:
        return Response(BudgetRead(_budget(request, owner)).data)

    def _set(self, request: Request, owner: BudgetOwner) -> Response:
        body = BudgetWrite(data=request.data)
        body.is_valid(raise_exception=True)
        tenant_id = principal_of(request).tenant_id
        _, is_new = set_member_budget(tenant_id=tenant_id, owner=owner, at=now(), **body.limits())
        shown = BudgetRead(_budget(request, owner)).data
        return Response(shown, status=201 if is_new else 200)

    def _remove(self, request: Request, owner: BudgetOwner) -> Response:
        remove_member_budget(tenant_id=principal_of(request).tenant_id, owner=owner, at=now())
        return Response(status=204)


def _budget(request: Request, owner: BudgetOwner) -> Budget:
    budgets = budgets_of(tenant_id=principal_of(request).tenant_id, owner=owner)
    budget = with_month_use(budgets, at=now()).first()
    if budget is None:
        raise NotFound("There is no budget of this owner.")
    return budget


_WRITE = extend_schema(request=BudgetWrite, responses={200: BudgetRead, 201: BudgetRead})
_REMOVE = extend_schema(responses={204: None})


@extend_schema(tags=["budgets"], responses=BudgetRead)
class UserBudget(_OneBudget):
    """The monthly limits of a user, over all their keys; PUT sets both, DELETE lifts them."""

    def get(self, request: Request, user_id: UUID) -> Response:
        return self._show(request, BudgetOwner(user_id=user_id))

    @_WRITE
    def put(self, request: Request, user_id: UUID) -> Response:
        return self._set(request, BudgetOwner(user_id=user_id))

    @_REMOVE
    def delete(self, request: Request, user_id: UUID) -> Response:
        return self._remove(request, BudgetOwner(user_id=user_id))


@extend_schema(tags=["budgets"], responses=BudgetRead)
class ApiKeyBudget(_OneBudget):
    """The monthly limits of an API key; PUT sets both, DELETE lifts them."""

    def get(self, request: Request, api_key_id: UUID) -> Response:
        return self._show(request, BudgetOwner(api_key_id=api_key_id))

    @_WRITE
    def put(self, request: Request, api_key_id: UUID) -> Response:
        return self._set(request, BudgetOwner(api_key_id=api_key_id))

    @_REMOVE
    def delete(self, request: Request, api_key_id: UUID) -> Response:
        return self._remove(request, BudgetOwner(api_key_id=api_key_id))


@extend_schema(tags=["budgets"], responses=BudgetRead)
class RunBudget(_OneBudget):
    """The limits of each run that starts from now on; PUT sets both, DELETE lifts them."""

    def get(self, request: Request) -> Response:
        return self._show(request, EACH_RUN)

    @_WRITE
    def put(self, request: Request) -> Response:
        return self._set(request, EACH_RUN)

    @_REMOVE
    def delete(self, request: Request) -> Response:
        return self._remove(request, EACH_RUN)
