import agentplatform.core.ids
import django.db.models.deletion
from django.db import migrations, models

from agentplatform.core.postgresql.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_rates_of_tenants"),
        ("tools", "0006_sessions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ToolDefault",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=agentplatform.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tool", models.CharField(max_length=100)),
                (
                    "wall_seconds",
                    models.FloatField(
                        blank=True, help_text="The longest that one call may take.", null=True
                    ),
                ),
                (
                    "cpus",
                    models.FloatField(
                        blank=True,
                        help_text="Processors that it may keep busy: 0.5, 1, 2.",
                        null=True,
                        verbose_name="CPUs",
                    ),
                ),
                (
                    "memory_bytes",
                    models.PositiveBigIntegerField(
                        blank=True,
                        help_text="Of all its processes, and of its files in memory.",
                        null=True,
                    ),
                ),
                ("processes", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "work_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="What it may write in its work folder.", null=True
                    ),
                ),
                (
                    "inodes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many files and folders it may make there.",
                        null=True,
                    ),
                ),
                (
                    "output_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="What it may print on one stream.", null=True
                    ),
                ),
                (
                    "artifacts",
                    models.PositiveIntegerField(
                        blank=True, help_text="How many files are kept of a call.", null=True
                    ),
                ),
                (
                    "artifact_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="The largest file that is kept.", null=True
                    ),
                ),
                (
                    "artifacts_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="All kept files of a call together.", null=True
                    ),
                ),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "tool_defaults",
                "ordering": ("tool",),
                "constraints": [
                    models.UniqueConstraint(fields=("tool",), name="tool_defaults_one_a_tool"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wall_seconds__isnull", True), ("wall_seconds__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_wall_seconds_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cpus__isnull", True), ("cpus__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_cpus_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("memory_bytes__isnull", True), ("memory_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_memory_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("processes__isnull", True), ("processes__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_processes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("work_bytes__isnull", True), ("work_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_work_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("inodes__isnull", True), ("inodes__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_inodes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("output_bytes__isnull", True), ("output_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_output_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifacts__isnull", True), ("artifacts__gt", 0), _connector="OR"
                        ),
                        name="tool_defaults_artifacts_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifact_bytes__isnull", True),
                            ("artifact_bytes__gt", 0),
                            _connector="OR",
                        ),
                        name="tool_defaults_artifact_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifacts_bytes__isnull", True),
                            ("artifacts_bytes__gt", 0),
                            _connector="OR",
                        ),
                        name="tool_defaults_artifacts_bytes_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ToolLimit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=agentplatform.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tool", models.CharField(max_length=100)),
                (
                    "wall_seconds",
                    models.FloatField(
                        blank=True, help_text="The longest that one call may take.", null=True
                    ),
                ),
                (
                    "cpus",
                    models.FloatField(
                        blank=True,
                        help_text="Processors that it may keep busy: 0.5, 1, 2.",
                        null=True,
                        verbose_name="CPUs",
                    ),
                ),
                (
                    "memory_bytes",
                    models.PositiveBigIntegerField(
                        blank=True,
                        help_text="Of all its processes, and of its files in memory.",
                        null=True,
                    ),
                ),
                ("processes", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "work_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="What it may write in its work folder.", null=True
                    ),
                ),
                (
                    "inodes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many files and folders it may make there.",
                        null=True,
                    ),
                ),
                (
                    "output_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="What it may print on one stream.", null=True
                    ),
                ),
                (
                    "artifacts",
                    models.PositiveIntegerField(
                        blank=True, help_text="How many files are kept of a call.", null=True
                    ),
                ),
                (
                    "artifact_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="The largest file that is kept.", null=True
                    ),
                ),
                (
                    "artifacts_bytes",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="All kept files of a call together.", null=True
                    ),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "tool_limits",
                "ordering": ("tenant", "tool"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "tool"), name="tool_limits_one_a_tool"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wall_seconds__isnull", True), ("wall_seconds__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_wall_seconds_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cpus__isnull", True), ("cpus__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_cpus_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("memory_bytes__isnull", True), ("memory_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_memory_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("processes__isnull", True), ("processes__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_processes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("work_bytes__isnull", True), ("work_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_work_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("inodes__isnull", True), ("inodes__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_inodes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("output_bytes__isnull", True), ("output_bytes__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_output_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifacts__isnull", True), ("artifacts__gt", 0), _connector="OR"
                        ),
                        name="tool_limits_artifacts_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifact_bytes__isnull", True),
                            ("artifact_bytes__gt", 0),
                            _connector="OR",
                        ),
                        name="tool_limits_artifact_bytes_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifacts_bytes__isnull", True),
                            ("artifacts_bytes__gt", 0),
                            _connector="OR",
                        ),
                        name="tool_limits_artifacts_bytes_positive",
                    ),
                ],
            },
        ),
        protect("tool_limits", may="select, delete"),
        migrations.RunSQL(
            "grant select on tool_defaults to agentplatform_app",
            "revoke select on tool_defaults from agentplatform_app",
        ),
    ]
