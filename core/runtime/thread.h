// The calling thread's name, and its place among the threads that share the processors. What the
// system refuses is left as it was: a thread then waits longer, and nothing else changes.
#pragma once

#include <string>

namespace oee {

// Names the thread for top, gdb and perf. The first 15 characters are kept.
void name_this_thread(const std::string& name);

// For a thread on the path of orders, which works shortly and often: when it wakes, it takes the
// processor from a thread that computes for long. Linux 6.12 and later: a time slice of 0.1 ms
// instead of ~3 ms (sched_setattr(2), sched_runtime); earlier ones ignore it.
void wake_soon_on_this_thread();

// For a thread that computes for long, and whose results may wait: raises its nice value by
// `levels`, to 19 at most. Of 40 levels the lowest priority remains.
void lower_priority_of_this_thread(int levels);

}  // namespace oee
