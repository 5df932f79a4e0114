# Prints every byte, broken UTF-8, NUL, and half of a pair.
# says: end
sys.stdout.buffer.write(bytes(range(256)) * 64)
sys.stdout.buffer.write(b"\xff\xfe\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80\x00\n")
sys.stdout.buffer.write(b'"\\ud800 \\u0000"\nend\n')
