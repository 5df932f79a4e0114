// Matches a pattern that takes longer than the age of the world.
// status: timeout
// limits: wall_seconds=1
/^(a+)+$/.test("a".repeat(64) + "b");
