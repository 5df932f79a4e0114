# Reads and writes XML, HTML, JSON, TOML and e-mail.
# says: b title 3 x@example.org
import email
import html.parser
import json
import tomllib
import xml.etree.ElementTree as ElementTree

tree = ElementTree.fromstring("<a><b>x</b></a>")


class Titles(html.parser.HTMLParser):
    found = None

    def handle_starttag(self, tag, _):
        self.found = self.found or tag


titles = Titles()
titles.feed("<title>x</title>")
loaded = tomllib.loads("[a]\nb = 3")
message = email.message_from_string("From: x@example.org\n\nhello")
print(tree[0].tag, titles.found, json.loads(json.dumps(loaded))["a"]["b"], message["From"])
