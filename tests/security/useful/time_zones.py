# Reckons with time zones and calendars.
# says: 2026-07-01T14:00:00+02:00 2026-11-01T01:30:00-05:00
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

noon = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("UTC"))
before = datetime(2026, 11, 1, 0, 30, tzinfo=ZoneInfo("America/New_York"))
after = (before.astimezone(ZoneInfo("UTC")) + timedelta(hours=2)).astimezone(before.tzinfo)
print(noon.astimezone(ZoneInfo("Europe/Berlin")).isoformat(), after.isoformat())
