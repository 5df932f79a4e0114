# Reads and writes CSV with quotes, accents and empty cells.
# says: München 3
# files: out.csv
import csv
import io

text = 'city,count\n"München",1\n"a ""quoted"", one",\nMünchen,2\n'
sums = {}
for row in csv.DictReader(io.StringIO(text)):
    sums[row["city"]] = sums.get(row["city"], 0) + int(row["count"] or 0)
with open("artifacts/out.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["city", "sum"])
    writer.writerows(sorted(sums.items()))
print("München", sums["München"])
