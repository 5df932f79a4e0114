"""`manage.py create_staff EMAIL`: a member of the platform's staff."""

import json
from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.services.create_user import create_staff
from apps.tenants.services.set_staff_password import new_password


class Command(PlatformCommand):
    help = "Create somebody who signs in to /admin/, where every tenant is seen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", help="By default one is generated and shown once.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        password = options["password"] or new_password()
        user = create_staff(email=options["email"], password=password, at=now())
        if options["json"]:
            made = {"user_id": str(user.id), "email": user.email, "password": password}
            self.stdout.write(json.dumps(made))
        else:
            self.stdout.write(f"{user.email} may sign in; shown once: {password}")
