# Matches a pattern that takes longer than the age of the world.
# status: timeout
# limits: wall_seconds=0.5
import re

re.match(r"(a+)+$", "a" * 64 + "b")
