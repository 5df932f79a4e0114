// Computes for ever.
// status: timeout
// limits: wall_seconds=1
for (;;);
