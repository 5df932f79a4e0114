"""Column types, statistics and issues, as one line of JSON."""

import statistics


def describe(name, cells):
    filled = [cell for cell in cells if cell.strip()]
    column = {"name": name, "missing": len(cells) - len(filled), "distinct": len(set(filled))}
    if filled and all(number(cell) is not None for cell in filled):
        numbers = [float(cell) for cell in filled]
        column |= {
            "type": "number",
            "min": min(numbers),
            "max": max(numbers),
            "mean": round(statistics.fmean(numbers), 4),
            "stdev": round(statistics.pstdev(numbers), 4),
        }
    elif filled and all(date(cell) for cell in filled[:500]):
        column |= {"type": "date", "min": min(filled), "max": max(filled)}
    else:
        column |= {"type": "text"}
    return column


names, body = read_table()
issues = []
if len(set(names)) < len(names):
    issues.append("two columns have one name")
ragged = sum(len(row) != len(names) for row in body)
if ragged:
    issues.append(f"{ragged} rows have another number of cells than the header")
repeated = len(body) - len({tuple(row) for row in body})
if repeated:
    issues.append(f"{repeated} rows are repeated")
padded = [(row + [""] * len(names))[: len(names)] for row in body]
columns = [describe(name, [row[i] for row in padded]) for i, name in enumerate(names[:60])]
issues += [f"{c['name']}: {c['missing']} cells are empty" for c in columns if c["missing"]]

every = [c["name"] for c in columns]
numbers = [c["name"] for c in columns if c["type"] == "number"]
dates = [c["name"] for c in columns if c["type"] == "date"]
groups = [c["name"] for c in columns if c["type"] == "text" and 1 < c["distinct"] <= 30]
profile = {
    "rows": len(body),
    "columns": columns,
    "issues": issues,
    "numbers": numbers or every,
    "ordered": dates or numbers or every,
    "groups": groups or dates or every,
    "spread": [*numbers, *groups] or every,
}
print(json.dumps(profile))
