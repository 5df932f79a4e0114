"""Addresses of tasks and runs."""

from django.urls import path

from apps.runs.api import answers, forks, runs, tasks, tool_calls

urlpatterns = [
    path("tasks", tasks.TaskList.as_view(), name="tasks"),
    path("tasks/validate", tasks.TaskValidate.as_view(), name="tasks-validate"),
    path("tasks/schema", tasks.TaskSchema.as_view(), name="tasks-schema"),
    path("tasks/<uuid:task_id>", tasks.TaskDetail.as_view(), name="task"),
    path("tasks/<uuid:task_id>/versions", tasks.TaskVersions.as_view(), name="task-versions"),
    path("runs", runs.RunList.as_view(), name="runs"),
    path("runs/<uuid:run_id>", runs.RunDetail.as_view(), name="run"),
    path("runs/<uuid:run_id>/steps", runs.RunSteps.as_view(), name="run-steps"),
    path("runs/<uuid:run_id>/metrics", runs.RunMetricsView.as_view(), name="run-metrics"),
    path("runs/<uuid:run_id>/artifacts", runs.RunArtifacts.as_view(), name="run-artifacts"),
    path("runs/<uuid:run_id>/tool-calls", tool_calls.RunToolCalls.as_view(), name="run-tool-calls"),
    path("runs/<uuid:run_id>/retry", forks.RunRetry.as_view(), name="run-retry"),
    path("runs/<uuid:run_id>/fork", forks.RunForkView.as_view(), name="run-fork"),
    path(
        "runs/<uuid:run_id>/steps/<str:name>/approve",
        answers.StepApprove.as_view(),
        name="step-approve",
    ),
    path(
        "runs/<uuid:run_id>/steps/<str:name>/reject",
        answers.StepReject.as_view(),
        name="step-reject",
    ),
    path(
        "runs/<uuid:run_id>/steps/<str:name>/signal",
        answers.StepSignal.as_view(),
        name="step-signal",
    ),
    path("runs/<uuid:run_id>/events", runs.RunEvents.as_view(), name="run-events"),
]
