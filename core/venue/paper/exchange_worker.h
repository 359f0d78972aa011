// ExchangeWorker: the inside of a PaperExchange. Queue, group commit, publication, answers. Only
// its own .cc and paper/venue.cc include this.
#pragma once

#include <atomic>
#include <coroutine>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "core/runtime/mailbox.h"
#include "core/venue/paper/published_reserves.h"
#include "core/venue/paper/settlement.h"
#include "core/venue/paper/venue.h"

namespace oee {

class PaperVenue;
class ExchangeWorker;

// The venues' own time: the wall clock at open, steady from there.
class VenueTime {
 public:
  // `floor`: the height never is below it.
  VenueTime(const Clock& clock, std::uint64_t floor);
  VenueTimePoint now() const;  // any thread

 private:
  const Clock& clock_;
  const WallTime wall_at_open_;
  const SteadyTime steady_at_open_;
  std::uint64_t height_at_open_ = 0;
};

// A request waiting for its answer; lives in the frame of the coroutine that awaits it.
struct VenueCall {
  std::optional<Result<VenueReport>> answer;
  std::coroutine_handle<> waiter;
};

class VenueLink;
struct LinkRequest {
  VenueRequest request;
  VenueLink* from = nullptr;
  VenueCall* call = nullptr;  // null: nobody awaits it; the venue is told by id
};

// One PaperVenue's wire to the exchange. Lives as long as the exchange, so that answers which come
// after the venue's end have somewhere to fall.
class VenueLink {
 public:
  VenueLink(ExchangeWorker& floor, Loop& loop);

  // Loop's thread. false: refused (stopped, or the queue is full), nothing will be answered.
  bool send(VenueRequest request, VenueCall* call);
  // Any thread.
  struct Answer {
    VenueOrderId id;
    VenueCall* call = nullptr;
    Result<VenueReport> report;
  };
  void deliver(Answer answer) { answers_.put(std::move(answer)); }

  void attach(PaperVenue* venue) { venue_ = venue; }  // null: the venue is gone

 private:
  void on_answers(std::vector<Answer> answers);

  ExchangeWorker& floor_;
  PaperVenue* venue_ = nullptr;
  Mailbox<Answer> answers_;
  Mailbox<LinkRequest> own_inbox_;  // used when the ledger is in memory
};

class ExchangeWorker {
 public:
  ExchangeWorker(PaperOptions options, const TokenRegistry& registry, const Clock& clock,
                 std::unique_ptr<LedgerStore> store, LedgerState state,
                 std::function<void(const Error&)> on_fail_stop);
  ~ExchangeWorker();

  void start_thread();
  enum class Ending { marked, unmarked };
  void stop(Ending ending);  // marked: the height is recorded
  VenueLink& connect(Loop& loop);
  Result<LedgerAudit> audit(const SettledTradeVisit& visit) { return audit_ledger(*store_, visit); }

  bool send(LinkRequest request, Mailbox<LinkRequest>& own_inbox);  // any thread
  void serve(std::vector<LinkRequest> requests);
  void fail_stop(const Error& error);  // any thread

  // Immutable, or safe from any thread.
  const PaperOptions& options() const { return options_; }
  const std::vector<VenueInfo>& venues() const { return venues_; }
  const Market& market() const { return market_; }
  const PublishedReserves& board() const { return board_; }
  VenueTimePoint now() const { return time_.now(); }

 private:
  void serve_group(std::vector<LinkRequest>& requests);
  Result<std::vector<VenueReport>> settle_group(const std::vector<VenueRequest>& requests);
  void publish(const std::vector<JournalEntry>& entries);
  void answered(std::size_t count);

  const PaperOptions options_;
  const std::vector<VenueInfo> venues_;
  const Market market_;
  const VenueTime time_;
  const std::function<void(const Error&)> on_fail_stop_;
  PublishedReserves board_;

  std::atomic<bool> failed_{false};

  // Owned by whoever serves: the thread, or without one the loop that holds the turn.
  std::unique_ptr<LedgerStore> store_;
  LedgerState state_;
  // Held while serving: loops of several threads may share a ledger in memory. Also guards links_.
  std::mutex turn_;

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> unanswered_{0};
  bool stopped_ = false;

  Loop loop_{1};  // the thread's
  std::optional<Mailbox<LinkRequest>> inbox_;
  std::optional<boost::asio::executor_work_guard<Loop::executor_type>> keep_running_;
  std::thread thread_;
  std::deque<VenueLink> links_;
};

}  // namespace oee
