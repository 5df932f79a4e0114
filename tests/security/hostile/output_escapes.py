# Prints what a terminal would obey: titles, colours, answers, the clipboard.
# says: end
sys.stdout.write(
    '\x1b]0;owned\x07\x1b[2J\x1b[6n\x1b]52;c;cm0gLXJm\x07\x1bP$q"p\x1b\\\x9b31m\r\b\b\x7f\u202e\u2066end\n'
)
