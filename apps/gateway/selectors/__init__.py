from apps.gateway.selectors.call import read_outcomes, usage_of_run
from apps.gateway.selectors.usage import month_so_far, sum_usage

__all__ = ["month_so_far", "read_outcomes", "sum_usage", "usage_of_run"]
