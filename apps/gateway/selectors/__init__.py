from apps.gateway.selectors.call import outcomes, usage_of_run
from apps.gateway.selectors.usage import month_so_far, sum_usage

__all__ = ["month_so_far", "outcomes", "sum_usage", "usage_of_run"]
