// CallDeadlines: ends waits that last too long. All waits of one instance have the same limit, so
// their deadlines are a queue, and one timer serves them all. A wait that ends in time costs no
// timer. One loop's thread.
#pragma once

#include "core/seams/clock.h"

namespace oee {

class CallDeadlines {
 public:
  // One wait. It keeps its address from add() to remove() or expire().
  class Wait {
   public:
    Wait() = default;
    Wait(const Wait&) = delete;

   protected:
    virtual ~Wait() = default;

   private:
    friend class CallDeadlines;
    // The limit is over, and the wait is removed. Called by the timer.
    virtual void expire() = 0;
    SteadyTime until_{};
    Wait* before_ = nullptr;
    Wait* after_ = nullptr;
  };

  CallDeadlines(Clock& clock, Micros limit) : clock_(clock), limit_(limit) {}
  ~CallDeadlines();  // REQUIRES: no wait is left
  CallDeadlines(const CallDeadlines&) = delete;

  void add(Wait& wait);
  void remove(Wait& wait);

 private:
  void arm();
  void fire();

  Clock& clock_;
  const Micros limit_;
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
  Clock::TimerId timer_ = 0;
};

}  // namespace oee
