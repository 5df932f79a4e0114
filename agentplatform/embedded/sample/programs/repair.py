"""Write artifacts/clean.csv: one name a column, whole rows, no repeats."""

names, body = read_table()
unique = []
for index, name in enumerate(names):
    unique.append(name if name not in unique else f"{name}_{index + 1}")

kept = {}
for row in body:
    whole = tuple(cell.strip() for cell in (row + [""] * len(unique))[: len(unique)])
    if any(whole):
        kept[whole] = None

Path("artifacts").mkdir(exist_ok=True)
with Path("artifacts/clean.csv").open("w", newline="") as file:
    csv.writer(file).writerows([unique, *kept])
print(json.dumps({"rows": len(kept), "dropped": len(body) - len(kept)}))
