# Ends with a code of its own.
# status: error
# says: three
import sys

print("three")
sys.exit(3)
