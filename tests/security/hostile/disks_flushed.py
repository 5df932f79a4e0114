# Has the kernel write everybody's changes to the disks, again and again.
# says: held: nothing is flushed
if call(306, 267, -1) != 0:
    print("REACHED: syncfs was made")
os.sync()
print("held: nothing is flushed")
