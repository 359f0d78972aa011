// One run: decides when which order is due, deals the due ones to the connections, retries, follows
// every accepted order to its end, and knows when all is done. One thread, one io_context.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/order/ids.h"
#include "tools/order_load/connection.h"
#include "tools/order_load/options.h"
#include "tools/order_load/results.h"
#include "tools/order_load/stream.h"

namespace oee::load {

class LoadRun final : public Connection::Listener, public Stream::Listener {
 public:
  // `server` outlives it.
  LoadRun(boost::asio::io_context& io, const Server& server, const Options& options);
  // Runs to the end on the calling thread.
  const Results& run();

 private:
  struct Submission {
    std::uint64_t index = 0;
    Clock::time_point due;
    std::uint32_t sent = 0;
  };
  struct Retry {
    Clock::time_point at;
    Submission submission;
    bool operator>(const Retry& other) const { return at > other.at; }
  };
  struct OrderState {
    Clock::time_point due;
    bool ended = false;
    bool seen_on_stream = false;  // its end
  };
  // What a busy connection is busy with: a submission, or a question about one order.
  struct InFlight {
    std::optional<Submission> submission;
    OrderId asked;
  };
  struct HashId {
    std::size_t operator()(const OrderId& id) const {
      return std::hash<std::string_view>{}(id.view());
    }
  };

  void on_ready(Connection& connection) override;
  void on_answer(Connection& connection, const Answer& answer) override;
  void on_lost(Connection& connection, std::string_view why) override;
  void on_gone(Connection& connection) override;
  void on_connect_failed(std::string_view why) override;
  void on_subscribed() override;
  void on_update(const UpdateSeen& update) override;
  void on_stream_broken(const std::string& why) override;
  void on_stream_disorder(const std::string& what) override;

  // The plan.
  void begin();
  void generate(Clock::time_point now);
  void add_due(Clock::time_point due);
  void replace();  // closed loops: one order came to its end, another may start
  // The dealing.
  void pump();
  void arm(Clock::time_point now);
  void submit(Connection& connection, Submission submission, Clock::time_point now);
  void ask(Connection& connection, const OrderId& id, Clock::time_point now);
  // What came of it.
  void take_submit_answer(const Submission& submission, const Answer& answer,
                          Clock::time_point now);
  void take_state(const OrderId& id, const Answer& answer);
  void accept(const Submission& submission, const Answer& answer, Clock::time_point now);
  void retry(Submission submission, std::optional<std::chrono::seconds> after,
             Clock::time_point now);
  void end_order(const OrderId& id, OrderState& state, std::string_view status,
                 Clock::time_point now);
  void unexpected(const std::string& what, std::string_view sample);
  // The end.
  void tick();
  void ask_about_open_orders(Clock::time_point now);
  bool sent_everything() const;
  void finish_when_done();
  void progress(Clock::time_point now);

  boost::asio::io_context& io_;
  const Options options_;
  Results results_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<InFlight> errands_;  // by connection
  std::vector<Connection*> idle_;
  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer due_timer_;
  boost::asio::steady_timer tick_timer_;

  std::string request_;            // a whole POST; its key is patched in place
  std::size_t key_digits_at_ = 0;  // in request_

  bool begun_ = false;
  bool generating_ = true;
  Clock::time_point armed_for_ = Clock::time_point::max();
  Clock::time_point started_;
  Clock::time_point last_answer_;
  Clock::time_point generation_ended_;
  Clock::time_point stream_alive_;  // when it last brought an end
  Clock::time_point last_progress_;
  std::uint64_t accepted_at_progress_ = 0;
  std::uint64_t samples_shown_ = 0;
  std::size_t in_flight_ = 0;  // submissions
  std::deque<Submission> due_;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  std::deque<OrderId> questions_;
  std::unordered_map<OrderId, OrderState, HashId> orders_;
  // Ends that came before the answer to the submit was read.
  std::unordered_map<OrderId, std::string, HashId> early_ends_;
  std::uint64_t unseen_ends_ = 0;  // known from GET only, so far
  std::uint64_t jitter_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace oee::load
