# Fails with an exception that says why, after it has printed something.
# status: error
# says: ValueError: the column is empty
print("begun")
raise ValueError("the column is empty")
