# Leaves files whose names would lead elsewhere, break a line, a header, a terminal or a page.
# says: held: made
# files: $(reboot), '; rm -rf ~', ..., ..\..\windows, -rf, <b>x<, COM1, a%00b, kept.txt, ünïcödé
names = [
    "...", "..\\..\\windows", "-rf", "$(reboot)", "'; rm -rf ~'", "COM1", "a%00b", "ünïcödé", "kept.txt", "<b>x<",
    "line\nbreak", "tab\t", "bell\x07", "escape\x1b[2J", "turned\u202egnp.exe", "\u200b", "zero\u2060width",
]  # fmt: skip
for name in names:
    with open(f"artifacts/{name}", "w") as file:
        file.write("x")
for name in (b"artifacts/\xff\xfe", b"artifacts/caf\xe9", b"artifacts/\xed\xa0\x80"):
    with open(name, "w") as file:
        file.write("x")
print("held: made")
