// Clients of the simulated engine. A Submitter sends orders over REST with keys, repeats what it
// has no answer to, cancels, requeues and discards, and tells the checker what it was told. A
// Watcher follows the stream over disconnects and restarts. Both live outside the engine.
#pragma once

#include <map>
#include <set>

#include "api/stream/cursor.h"
#include "tests/sim/sim_engine.h"
#include "tests/sim/sim_gateway.h"
#include "tests/support/log/history_checker.h"

namespace oee::sim {

// What happened, in the words of a report; the newest are kept.
class Trail {
 public:
  explicit Trail(std::size_t lines_max) : lines_max_(lines_max) {}
  void say(const Time& time, const std::string& line);
  // A hash over every line ever said.
  std::uint64_t hash() const { return hash_; }
  void print() const;

 private:
  const std::size_t lines_max_;
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

class Submitter {
 public:
  Submitter(const SimEnvironment& environment, test::HistoryChecker& checker, Trail& trail);

  // The next thing to do, if it is time: a new order, a repeat, a change of an old one. `engine` is
  // null while there is none.
  bool step(SimEngine* engine);
  SteadyTime next_at() const { return next_at_; }
  // The engine died: what was under way has no answer.
  void connection_lost();
  // All orders sent and answered.
  bool done() const;
  // From here on: no more changes of old orders, and no answer is lost.
  void settle_down() { settling_ = true; }
  std::uint32_t wrongly_refused() const { return wrongly_refused_; }
  // An order of its is durable by now, and it has no answer yet.
  bool awaits_answer(const std::set<std::string>& durable_keys) const;

 private:
  struct Sent {
    test::HistoryChecker::Submit submit;
    std::string body;
    bool key_in_header = false;
    bool bad = false;       // must be refused
    bool answered = false;  // definitely
    bool in_flight = false;
    std::optional<OrderId> id;
  };
  void send(SimEngine& engine, std::size_t index);
  void take(std::size_t index, std::uint64_t ticket, const HttpAnswer& answer);
  void change(SimEngine& engine);
  void clash(SimEngine& engine);
  Sent make_order();

  const SimEnvironment& environment_;
  test::HistoryChecker& checker_;
  Trail& trail_;
  std::vector<Sent> sent_;
  std::uint32_t life_ = 0;  // rises with each lost connection: older answers do not count
  std::uint32_t in_flight_ = 0;
  std::uint32_t wrongly_refused_ = 0;
  SteadyTime next_at_{};
  bool settling_ = false;
};

// Follows the stream through production's own StreamCursor, one for each connection.
class Watcher {
 public:
  // `one_order`: follows one order, the first that it hears of, instead of all.
  Watcher(const SimEnvironment& environment, test::HistoryChecker& checker, Trail& trail,
          bool one_order);

  // `gateway` may be null too.
  bool step(SimEngine* engine, SimGateway* gateway);
  SteadyTime next_at() const { return next_at_; }
  // The engine or the gateway has died.
  void connection_lost();
  bool at_gateway() const { return connection_ && connection_->at_gateway; }
  void settle_down() { settling_ = true; }
  // It has seen everything up to `head`.
  bool complete(Seq head) const;
  void at_rest(Seq head) { checker_.stream_complete(subscriber_, head); }

 private:
  // One connection; it may outlive the watcher's interest in it by a suspended catch_up().
  struct Connection final : StreamReader {
    Connection(Watcher& the_watcher, StreamHub& the_hub, bool is_at_gateway)
        : watcher(&the_watcher),
          hub(the_hub),
          at_gateway(is_at_gateway),
          cursor(hub, *this, watcher->subscriber_.order, watcher->resume_after()) {}
    void on_update(const UpdatePtr& update, const SubscriptionOffset& place) override;
    void on_stream_lost(Seq resume_after, std::string_view why) override;
    Task<bool> room() override;
    Watcher* watcher;  // null: it has left
    StreamHub& hub;
    const bool at_gateway;
    StreamCursor cursor;
  };
  static Task<void> follow(std::shared_ptr<Connection> connection);
  void see(const Update& update);
  Seq resume_after() const { return subscriber_.last; }

  const SimEnvironment& environment_;
  test::HistoryChecker& checker_;
  Trail& trail_;
  const bool one_order_;
  test::HistoryChecker::Subscriber subscriber_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Connection> lost_;  // the last one that the hub ended: it was inside its cursor
  bool settling_ = false;
  SteadyTime next_at_{};
};

}  // namespace oee::sim
