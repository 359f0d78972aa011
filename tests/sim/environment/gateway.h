// SimGateway: one gateway process (--role gateway) over the simulated environment: production's
// shard without a log, with the history of PostgreSQL and the stream of Redis. One thread.
#pragma once

#include <list>
#include <memory>

#include "tests/sim/environment/engine.h"

namespace oee::sim {

class SimGateway {
 public:
  explicit SimGateway(const SimEnvironment& environment);
  ~SimGateway();  // kills the process; its coroutines run to their ends first

  // Runs one step that is possible now. false: no step is possible. The gateway serves after its
  // first successful read of PostgreSQL.
  bool step();
  std::optional<SteadyTime> next_deadline() const { return clock_.next_deadline(); }
  bool serving() const { return serving_; }
  StreamHub& stream() { return shard_->stream(); }
  void run(Task<void> task) { spawn(clients_, "client", std::move(task)); }
  // Sends a request. `done` is called once with the answer, unless the process ends before.
  void request(SimRequest request, std::function<void(HttpAnswer)> done);

 private:
  Task<void> stop_all();
  void serve_from(const ProjectionCursor& cursor);

  const SimEnvironment& environment_;
  DiceEntropy entropy_;
  Loop loop_{1};
  Loop read_loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_{loop_.get_executor()};
  boost::asio::executor_work_guard<Loop::executor_type> keep_read_{read_loop_.get_executor()};
  SimClock clock_;
  TablesThread tables_thread_;
  Worker worker_{read_loop_, 4'096};
  HealthRegistry health_;
  Admission admission_;
  std::unique_ptr<Shard> shard_;
  Gate clients_;
  Gate stop_gate_;
  std::list<SimRedis::Subscriber>::iterator subscriber_;  // while it serves
  bool alive_ = true;
  bool serving_ = false;
  bool stopped_ = false;
};

}  // namespace oee::sim
