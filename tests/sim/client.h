// Clients of the simulated engine. A Submitter sends orders over REST with keys, repeats unanswered
// requests, cancels, requeues and discards, and reports every answer to the checker. A Watcher
// follows the stream over disconnects and restarts. Both outlive the engine. One thread.
#pragma once

#include <map>
#include <set>

#include "api/stream/cursor.h"
#include "tests/sim/environment/engine.h"
#include "tests/sim/environment/gateway.h"
#include "tests/support/log/history_checker.h"

namespace oee::sim {

// The lines of a run's report. The newest `lines_max` are kept.
class Trail {
 public:
  explicit Trail(std::size_t lines_max) : lines_max_(lines_max) {}
  void add(const Time& time, const std::string& line);
  // A hash over all lines, also those that are not kept.
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

  // Does the next thing if it is due: a new order, a repeat, or a change of an old order. Returns
  // whether it did. `engine`: null while none runs.
  bool step(SimEngine* engine);
  SteadyTime next_at() const { return next_at_; }
  // The engine has ended: requests under way get no answer.
  void connection_lost();
  // Whether all orders are sent and answered.
  bool done() const;
  // From now on no answer is lost, and old orders are not changed but for those that rest: they are
  // cancelled, as they need not end otherwise.
  void settle_down() { settling_ = true; }
  // Whether an order that rests may be cancelled after settle_down().
  std::function<bool(const OrderId&)> may_cancel;
  // Sends so many orders more. No answer is lost, and each answer must come soon: one party is away
  // at most, and none that an order or a change needs.
  void send_more(std::uint32_t orders) {
    orders_ += orders;
    calm_ = true;
  }
  std::uint32_t wrongly_refused() const { return wrongly_refused_; }
  // Whether one of its orders is durable and not answered yet.
  bool awaits_answer(const std::set<std::string>& durable_keys) const;

 private:
  struct Sent {
    test::HistoryChecker::Submit submit;
    std::string body;
    bool key_in_header = false;
    bool bad = false;  // must be refused
    bool limit = false;
    bool stop = false;
    bool answered = false;  // accepted or refused for good
    bool in_flight = false;
    std::optional<OrderId> id;
  };
  void send(SimEngine& engine, std::size_t index);
  void take(std::size_t index, std::uint64_t ticket, const HttpAnswer& answer);
  void change(SimEngine& engine);
  void take_change(const std::string& key, bool repeated, const HttpAnswer& answer);
  void clash(SimEngine& engine);
  Sent make_order();
  // The members that make an order a limit order.
  std::string limit_members(const TokenInfo& input, const TokenInfo& output, bool expires,
                            bool whole);
  // Makes the order one of an exact output, for about its amount.
  void ask_exact_output(const TokenInfo& input, const TokenInfo& output, Sent& sent);
  // The members that make an order a twap order.
  std::string twap_members(const TokenInfo& input, const TokenInfo& output);
  // The members that make an order a stop or a sniper order.
  std::string trigger_members(const TokenInfo& input, const TokenInfo& output, Sent& sent);
  // A price near the reference price.
  static Decimal price_near(const TokenInfo& input, const TokenInfo& output, Dice& dice);
  void amend(SimEngine& engine);
  bool cancel_resting(SimEngine& engine);

  const SimEnvironment& environment_;
  test::HistoryChecker& checker_;
  Trail& trail_;
  Dice limit_dice_;  // of limit orders and amendments
  Dice twap_dice_;   // of twap orders
  Dice stop_dice_;   // of stop and sniper orders
  Dice exact_dice_;  // of exact outputs
  // Reports an answer that came late although no party was away that it needs.
  void expect_prompt(const std::string& what, SteadyTime sent) const;

  std::vector<Sent> sent_;
  std::map<std::string, std::string> changed_;  // keys of accepted changes to their first answers
  std::uint32_t orders_ = 0;                    // to send in all
  bool calm_ = false;
  std::uint32_t connection_ = 0;  // rises with each lost connection: older answers do not count
  std::uint32_t in_flight_ = 0;
  std::uint32_t wrongly_refused_ = 0;
  SteadyTime next_at_{};
  bool settling_ = false;
};

// Follows the stream through production's own StreamCursor, one for each connection.
class Watcher {
 public:
  // `one_order`: follows one open order instead of all.
  Watcher(const SimEnvironment& environment, test::HistoryChecker& checker, Trail& trail,
          bool one_order);

  // Each may be null. Returns whether it did something.
  bool step(SimEngine* engine, SimGateway* gateway);
  SteadyTime next_at() const { return next_at_; }
  // The engine or the gateway has ended.
  void connection_lost();
  bool at_gateway() const { return connection_ && connection_->at_gateway; }
  void settle_down() { settling_ = true; }
  // It follows one order, and there has been none that it could follow.
  bool has_no_order() const { return one_order_ && !subscriber_.order && !connection_; }
  // Whether it has received everything up to `head`.
  bool complete(Seq head) const;
  void at_rest(Seq head) { checker_.stream_complete(subscriber_, head); }

 private:
  // One connection. A suspended catch_up() may keep it longer than the watcher does.
  struct Connection final : StreamReader {
    Connection(Watcher& the_watcher, StreamHub& the_hub, bool is_at_gateway)
        : watcher(&the_watcher),
          hub(the_hub),
          at_gateway(is_at_gateway),
          cursor(hub, *this, watcher->subscriber_.order, watcher->resume_after()) {}
    void on_update(const UpdatePtr& update, const SubscriptionOffset& offset) override;
    void on_stream_lost(Seq resume_after, std::string_view why) override;
    Task<bool> room() override;
    Watcher* watcher;  // null: the watcher has left
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
  std::shared_ptr<Connection> lost_;  // the last one that the hub ended: its cursor is on the stack
  bool settling_ = false;
  SteadyTime next_at_{};
};

}  // namespace oee::sim
