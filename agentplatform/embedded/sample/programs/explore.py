"""One computation, named on standard input. Prints a chart and a summary as one line of JSON."""

import collections
import statistics

MAX_POINTS = 60


def means(pairs):
    sums = collections.defaultdict(list)
    for key, value in pairs:
        sums[key].append(value)
    return [(key, round(statistics.fmean(values), 3)) for key, values in sums.items()]


def trend(rows, value, over):
    dated = [(date(row.get(over)), number(row.get(value))) for row in rows]
    if any(when for when, _ in dated):
        pairs = [(when.strftime("%Y-%m"), v) for when, v in dated if when and v is not None]
    else:
        pairs = [(row.get(over) or "", v) for row in rows if (v := number(row.get(value))) is not None]
    points = sorted(means(pairs), key=lambda p: (number(p[0]) is None, number(p[0]) or 0, p[0]))
    step = max(1, math.ceil(len(points) / MAX_POINTS))
    return "line", f"{value} over {over}", points[::step], over, f"mean {value}"


def compare(rows, value, group):
    pairs = [
        (row.get(group) or "(empty)", v)
        for row in rows
        if (v := number(row.get(value))) is not None
    ]
    if len({key for key, _ in pairs}) > 30 and any(date(key) for key, _ in pairs):
        pairs = [(when.strftime("%m"), v) for key, v in pairs if (when := date(key))]
        points = sorted(means(pairs))
    else:
        points = sorted(means(pairs), key=lambda point: -point[1])[:20]
    return "bar", f"mean {value} by {group}", points, group, f"mean {value}"


def distribution(rows, column):
    numbers = [v for row in rows if (v := number(row.get(column))) is not None]
    if len(numbers) > len(rows) / 2 and len(set(numbers)) > 12:
        low, high = min(numbers), max(numbers)
        width = (high - low) / 12
        bins = collections.Counter(min(11, int((v - low) / width)) for v in numbers)
        points = [(f"{low + i * width:.4g}", bins.get(i, 0)) for i in range(12)]
    else:
        points = collections.Counter(row.get(column) or "(empty)" for row in rows).most_common(20)
    return "bar", f"distribution of {column}", points, column, "number of rows"


given = json.load(sys.stdin)
names, body = read_table()
rows = [dict(zip(names, row)) for row in body]
computation = {"trend": trend, "compare": compare, "distribution": distribution}[given["tool"]]
kind, title, points, x_label, y_label = computation(rows, **given["args"])
if not points:
    sys.exit(f"There are no numbers to compute {title}.")
highest = max(points, key=lambda point: point[1])
lowest = min(points, key=lambda point: point[1])
print(
    json.dumps(
        {
            "kind": kind,
            "title": title,
            "x_label": x_label,
            "y_label": y_label,
            "points": points,
            "summary": f"By {x_label}, the {y_label} is highest for {highest[0]} ({highest[1]}) "
            f"and lowest for {lowest[0]} ({lowest[1]}).",
        }
    )
)
