// Makes empty files without end.
// status: disk_exceeded
// limits: wall_seconds=20 inodes=2000
for (let number = 0; ; number++) fs.closeSync(fs.openSync(`${spare}/${number}`, "w"));
