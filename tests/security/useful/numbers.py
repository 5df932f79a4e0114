# Computes exactly: decimals, fractions, large whole numbers, statistics, chance.
# says: 0.3 5/6 True
import decimal
import fractions
import math
import random
import statistics

third = decimal.Decimal("0.1") + decimal.Decimal("0.2")
part = fractions.Fraction(1, 2) + fractions.Fraction(1, 3)
random.seed(1)
mean = statistics.fmean(random.random() for _ in range(10_000))
print(third, part, 0.45 < mean < 0.55 and math.factorial(200) % 199 == 0)
