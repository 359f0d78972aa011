// ExchangeWorker: the implementation of Exchange (exchange.h): queue, group commit, publication of
// the market and the reserves, answers. Internal: only exchange.cc, the venues and tests include
// this. market_requests.cc has the requests of MarketControl.
//
// An answer is delivered after its entries are committed, so the ledger contains every answered
// settlement after a crash.
#pragma once

#include <atomic>
#include <coroutine>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/runtime/loop.h"
#include "core/runtime/mailbox.h"
#include "core/seams/clock.h"
#include "core/venue/market_control.h"
#include "core/venue/paper/options.h"
#include "core/venue/paper/published_reserves.h"
#include "core/venue/paper/settlement.h"

namespace oee::paper {

class ExchangeWorker;

inline constexpr Micros height_length{400'000};
// Pools that are opened at run time, beside the first ones of the registry's pairs. A pool of bins
// takes 3 KB in memory and in each commit that changes it.
inline constexpr std::size_t opened_pools_max = 256;
// The height of a wall-clock time, from the epoch.
std::uint64_t wall_height(WallTime wall);

// The venues' own time: the wall clock at open, steady from there.
class VenueTime {
 public:
  // `height_min`: no lower height is returned.
  VenueTime(const Clock& clock, std::uint64_t height_min);
  VenueTimePoint now() const;  // any thread

 private:
  const Clock& clock_;
  const WallTime wall_at_open_;
  const SteadyTime steady_at_open_;
  std::uint64_t height_at_open_ = 0;
};

// A request that waits for its answer. Owned by the frame of the coroutine that awaits it.
struct VenueCall {
  std::optional<Result<VenueReport>> answer;
  std::coroutine_handle<> waiter;
};

class VenueLink;
struct LinkRequest {
  VenueRequest request;
  VenueLink* from = nullptr;
  VenueCall* call = nullptr;  // null: no coroutine awaits it; the answer goes to on_landed
};

// One venue's connection to the worker. Owned by the worker, so that an answer that arrives after
// the venue is destroyed still has a receiver; it is dropped.
class VenueLink {
 public:
  // The answer to a request that no coroutine awaits. Called on the loop's thread.
  using OnLanded = std::function<void(const VenueOrderId&, const Result<VenueReport>&)>;

  // `venue`: its number in the registry.
  VenueLink(ExchangeWorker& worker, std::size_t venue, Loop& loop);

  // Loop's thread. false: refused (stopped, or the queue is full); no answer follows.
  bool send(VenueRequest request, VenueCall* call);
  // Any thread.
  struct Answer {
    VenueOrderId id;
    VenueCall* call = nullptr;
    Result<VenueReport> report;
  };
  void deliver(Answer answer) { answers_.put(std::move(answer)); }

  // Loop's thread. `on_speaking`: the venue may be no longer silent. Empty: the venue is destroyed.
  void attach(OnLanded on_landed, std::function<void()> on_speaking) {
    on_landed_ = std::move(on_landed);
    on_speaking_ = std::move(on_speaking);
  }
  // Any thread. Calls on_speaking in a job of the loop.
  void speak();

  // Loop's thread. Calls `on_prices` in a job of the loop, soon and after each change of the
  // venue's prices. Several changes before the job runs are one call. Empty: no more calls.
  void watch(std::function<void()> on_prices);
  // Any thread. The reserves of a pool of this venue have been published.
  void prices_changed() {
    if (!woken_.exchange(true)) post_wake();
  }
  std::size_t venue() const { return venue_; }

 private:
  void on_answers(std::vector<Answer> answers);
  void post_wake();

  ExchangeWorker& worker_;
  const std::size_t venue_;
  Loop& loop_;
  OnLanded on_landed_;
  std::function<void()> on_speaking_;
  std::function<void()> on_prices_;
  // Whether a job that calls on_prices is posted. True also while there is no on_prices. The job
  // clears it before it reads the reserves, so no publication is overlooked.
  std::atomic<bool> woken_{true};
  Mailbox<Answer> answers_;
  Mailbox<LinkRequest> own_inbox_;  // used when the ledger is in memory
};

class ExchangeWorker {
 public:
  ExchangeWorker(ExchangeOptions options, const TokenRegistry& registry, const Clock& clock,
                 std::unique_ptr<LedgerStore> store, LedgerState state,
                 std::function<void(const Error&)> on_fail_stop);
  ~ExchangeWorker();

  void start_thread();
  // marked: the present height is recorded, so that it does not fall over a restart.
  enum class Ending { marked, unmarked };
  void stop(Ending ending);
  VenueLink& connect(std::size_t venue, Loop& loop);
  // REQUIRES: no thread, or stopped; no call under way.
  Result<LedgerAudit> audit(const SettledTradeVisit& visit) { return audit_ledger(*store_, visit); }

  // Any thread. false: refused. `own_inbox` receives the request when there is no thread.
  bool send(LinkRequest request, Mailbox<LinkRequest>& own_inbox);
  void serve(std::vector<LinkRequest> requests);
  // Any thread. Brings the pools of `venue` to their reference prices, once a height at most.
  void follow_reference(std::size_t venue);
  // Any thread. `done` is called once, where requests are served or inside this call. See
  // MarketControl::move_market().
  using OnMoved = std::function<void(Result<std::vector<VenuePrice>>)>;
  void move_market(const MarketMove& move, OnMoved done);
  // The same for MarketControl::open_pool().
  using OnOpened = std::function<void(Result<OpenedPool>)>;
  void open_pool(const PoolOpening& opening, OnOpened done);
  // Any thread. The first call reports `error` to on_fail_stop.
  void fail_stop(const Error& error);

  // Any thread. See MarketControl::silence().
  void silence(const VenueName& venue, bool silent);
  bool silent(std::size_t venue) const { return silent_[venue]; }

  // Immutable, or safe from any thread.
  const ExchangeOptions& options() const { return options_; }
  const std::vector<VenueInfo>& venues() const { return registry_.venues(); }
  // The newest market, and a number that differs for each. The reserves of its pools are published.
  std::shared_ptr<const Market> market() const;
  std::uint32_t market_version() const { return market_version_.load(std::memory_order_acquire); }
  const PublishedReserves& reserves() const { return reserves_; }
  VenueTimePoint now() const { return time_.now(); }

 private:
  bool admit();
  // Runs `job` where requests are served; without a thread inside this call. false: refused.
  bool perform(std::function<void()> job);
  void serve_group(std::vector<LinkRequest>& requests);
  Result<std::vector<VenueReport>> settle_group(const std::vector<VenueRequest>& requests);
  Result<std::vector<VenuePrice>> move_now(const MarketMove& move);
  Result<OpenedPool> open_now(const PoolOpening& opening);
  std::shared_ptr<const Market> make_market() const;
  void publish_market(std::shared_ptr<const Market> market);
  void publish_pool(PoolId pool);
  Result<void> commit(const std::vector<JournalEntry>& entries);
  void publish(const std::vector<JournalEntry>& entries);
  void answered(std::size_t count);

  const ExchangeOptions options_;
  const TokenRegistry registry_;
  const PriceWalk walk_;
  const VenueTime time_;
  const std::function<void(const Error&)> on_fail_stop_;

  std::atomic<bool> failed_{false};
  const std::unique_ptr<std::atomic<bool>[]> silent_;  // by venue

  // Owned by the thread that serves; without one, by the loop that holds turn_.
  std::unique_ptr<LedgerStore> store_;
  LedgerState state_;
  const std::size_t pools_max_;
  // Replaced when a pool is opened. A loop that sees another version takes the new one.
  mutable std::mutex market_turn_;
  std::shared_ptr<const Market> market_;
  std::atomic<std::uint32_t> market_version_{1};
  PublishedReserves reserves_;
  std::vector<std::uint64_t> followed_;  // by venue: the height of the last follow_reference()
  // Held while serving, because loops of several threads may share a ledger in memory. Also guards
  // links_.
  std::mutex turn_;

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> unanswered_{0};
  bool stopped_ = false;

  Loop loop_{1};  // of the thread
  std::optional<Mailbox<LinkRequest>> inbox_;
  std::optional<boost::asio::executor_work_guard<Loop::executor_type>> keep_running_;
  std::thread thread_;
  std::deque<VenueLink> links_;
};

}  // namespace oee::paper
