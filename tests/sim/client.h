// Clients of the simulated engine. A Submitter sends orders over REST with keys, repeats what it
// has no answer to, cancels, requeues and discards, and tells the checker what it was told. A
// Watcher follows the stream over disconnects and restarts. Both live outside the engine.
#pragma once

#include <map>
#include <set>

#include "tests/sim/engine_life.h"
#include "tests/support/promise_checker.h"

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
  Submitter(const World& world, test::PromiseChecker& checker, Trail& trail);

  // The next thing to do, if it is time: a new order, a repeat, a change of an old one. `engine` is
  // null while there is none.
  bool step(EngineLife* engine);
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
    test::PromiseChecker::Submit submit;
    std::string body;
    bool key_in_header = false;
    bool bad = false;       // must be refused
    bool answered = false;  // definitely
    bool in_flight = false;
    std::optional<OrderId> id;
  };
  void send(EngineLife& engine, std::size_t index);
  void take(std::size_t index, std::uint64_t ticket, const HttpAnswer& answer);
  void change(EngineLife& engine);
  void clash(EngineLife& engine);
  Sent make_order();

  const World& world_;
  test::PromiseChecker& checker_;
  Trail& trail_;
  std::vector<Sent> sent_;
  std::uint32_t life_ = 0;  // rises with each lost connection: older answers do not count
  std::uint32_t in_flight_ = 0;
  std::uint32_t wrongly_refused_ = 0;
  SteadyTime next_at_{};
  bool settling_ = false;
};

class Watcher final : public StreamSubscriber {
 public:
  // `one_order`: follows one order, the first that it hears of, instead of all.
  Watcher(const World& world, test::PromiseChecker& checker, Trail& trail, bool one_order);
  ~Watcher() override;

  bool step(EngineLife* engine);
  SteadyTime next_at() const { return next_at_; }
  void connection_lost();
  void settle_down() { settling_ = true; }
  // It has seen everything up to `head`.
  bool complete(Seq head) const { return live_ && hub_->position() == head; }
  void at_rest(Seq head) { checker_.stream_complete(subscriber_, head); }
  void disconnect();

  void on_update(const UpdatePtr& update) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;

 private:
  static Task<void> follow(Watcher& watcher, StreamHub& hub, std::uint32_t life);
  void see(const Update& update);

  const World& world_;
  test::PromiseChecker& checker_;
  Trail& trail_;
  const bool one_order_;
  test::PromiseChecker::Subscriber subscriber_;
  StreamHub* hub_ = nullptr;  // while connected
  bool live_ = false;         // fed by the hub
  bool settling_ = false;
  std::uint32_t life_ = 0;
  SteadyTime next_at_{};
};

}  // namespace oee::sim
