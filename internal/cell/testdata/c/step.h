#ifndef STEP
#error STEP
#endif
static int step(int n) { return n * STEP; }
