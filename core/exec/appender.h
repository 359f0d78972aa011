// Appender: one shard's access to the log. It receives every block, lets the observers fold it, and
// only then completes the appends that wait for it. Only blocks change state, never the return of
// an append. Owned by the shard. The loop's thread, except deliver() (the log's thread).
#pragma once

#include <coroutine>
#include <optional>
#include <vector>

#include "core/runtime/mailbox.h"
#include "core/seams/event_log.h"

namespace oee {

class BlockObserver {
 public:
  virtual ~BlockObserver() = default;
  // Gets every block, in order, none skipped. It must not append or wait.
  virtual void on_block(const Block& block) = 0;
};

class Appender final : public BlockSink {
 public:
  // REQUIRES: outlives the log's last delivery and every coroutine that appends.
  Appender(EventLog& log, Loop& loop);

  // Called before the log is started. Observers are called in the order of registration.
  void observe(BlockObserver& observer) { observers_.push_back(&observer); }

  // co_await appender.append(std::move(request)) returns an AppendAnswer, after this shard has
  // folded the block.
  class Awaiter;
  Awaiter append(AppendRequest request);

  // The log's durable head. The seqs of every answer that any shard has completed are at most this.
  Seq durable_head() const { return log_.wait_past(0, std::chrono::milliseconds(0)); }

  // Appends that were sent and are not answered yet.
  std::size_t in_flight() const { return in_flight_; }

  void deliver(BlockPtr block, std::vector<Answer> answers) override;

 private:
  struct Delivery {
    BlockPtr block;
    std::vector<Answer> answers;
  };
  void take(std::vector<Delivery> deliveries);

  EventLog& log_;
  std::vector<BlockObserver*> observers_;
  std::size_t in_flight_ = 0;
  Mailbox<Delivery> mailbox_;
};

class Appender::Awaiter {
 public:
  Awaiter(Appender& appender, AppendRequest request)
      : appender_(appender), request_(std::move(request)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    ++appender_.in_flight_;
    appender_.log_.append(std::move(request_), appender_, this);
  }
  AppendAnswer await_resume() { return std::move(*answer_); }

 private:
  friend class Appender;
  Appender& appender_;
  AppendRequest request_;
  std::coroutine_handle<> waiter_;
  std::optional<AppendAnswer> answer_;
};

inline Appender::Awaiter Appender::append(AppendRequest request) {
  return Awaiter(*this, std::move(request));
}

}  // namespace oee
