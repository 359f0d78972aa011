// SimGateway: one life of a gateway process (--role gateway) over the environment: production's
// shard without a log, its history PostgreSQL's, its stream Redis's.
#pragma once

#include <memory>

#include "tests/sim/sim_engine.h"

namespace oee::sim {

class SimGateway {
 public:
  explicit SimGateway(const SimEnvironment& environment);
  ~SimGateway();  // as if killed; what runs in it is led to its end first

  // One thing that can happen now; false: nothing can. It serves once PostgreSQL could be read.
  bool step();
  std::optional<SteadyTime> next_deadline() const { return clock_.next_deadline(); }
  bool serving() const { return serving_; }
  StreamHub& stream() { return shard_->stream(); }
  void run(Task<void> task) { spawn(clients_, "client", std::move(task)); }

 private:
  Task<void> stop_all();

  const SimEnvironment& environment_;
  DiceEntropy entropy_;
  Loop loop_{1};
  Loop read_loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_{loop_.get_executor()};
  boost::asio::executor_work_guard<Loop::executor_type> keep_read_{read_loop_.get_executor()};
  SimClock clock_;
  Worker worker_{read_loop_, 4'096};
  HealthBoard health_;
  Admission admission_;
  std::unique_ptr<Shard> shard_;
  Gate clients_;
  Gate stop_gate_;
  bool serving_ = false;
  bool stopped_ = false;
};

}  // namespace oee::sim
