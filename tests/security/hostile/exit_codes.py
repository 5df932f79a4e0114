# Ends with the code by which a supervisor knows that a limit has killed a program.
# status: error killed timeout disk_exceeded
os._exit(125)
