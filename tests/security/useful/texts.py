# Works with texts of every script, their forms and their encodings.
# says: é 日本語 👩‍👩‍👧 שלום 5 True
# files: 数据.txt, naïve file.txt
import unicodedata

composed = unicodedata.normalize("NFC", "e\u0301")
words = "日本語 👩‍👩‍👧 שלום"
for name in ("数据.txt", "naïve file.txt"):
    with open(f"artifacts/{name}", "w", encoding="utf-8") as file:
        file.write(words)
same = words.encode("utf-16").decode("utf-16") == words and "ß".casefold() == "ss"
print(composed, words, len("日本語👍x"), same)
