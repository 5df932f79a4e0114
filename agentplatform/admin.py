"""Results that Celery stored, to look at; nobody changes what a task answered."""

from django.contrib import admin
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin

from agentplatform.core.admin import ReadOnly

admin.site.unregister((TaskResult, GroupResult))


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnly, ModelAdmin):
    list_display = ("task_id", "task_name", "status", "worker", "date_done")
    list_filter = ("status", "task_name")
    search_fields = ("task_name", "=task_id")
    date_hierarchy = "date_done"


@admin.register(GroupResult)
class GroupResultAdmin(ReadOnly, ModelAdmin):
    list_display = ("group_id", "date_done")
    search_fields = ("=group_id",)
    date_hierarchy = "date_done"
