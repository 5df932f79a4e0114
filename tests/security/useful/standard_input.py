# Reads its input, computes, prints JSON as its last line.
# says: "total": 10
import json
import sys

rows = json.load(sys.stdin)["numbers"]
print("working")
print(json.dumps({"total": sum(rows)}))
