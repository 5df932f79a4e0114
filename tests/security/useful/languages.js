// Formats numbers, dates and texts of many languages.
// says: 1.234,5 Mittwoch 日曜日 3
const number = new Intl.NumberFormat("de-DE").format(1234.5);
const day = new Intl.DateTimeFormat("de-DE", { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2026, 6, 1)));
const sunday = new Intl.DateTimeFormat("ja-JP", { weekday: "long", timeZone: "Asia/Tokyo" }).format(new Date(Date.UTC(2026, 6, 5)));
const parts = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment("👩‍👩‍👧e\u0301x")];
console.log(number, day, sunday, parts.length);
