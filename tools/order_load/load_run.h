// LoadRun: one run of order-load. It gives the orders that are due to idle connections, handles the
// answers, follows every accepted order to its end, and stops when all orders have ended. One
// thread, one io_context.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/order/ids.h"
#include "tools/order_load/connection.h"
#include "tools/order_load/options.h"
#include "tools/order_load/order_tracker.h"
#include "tools/order_load/requests.h"
#include "tools/order_load/results.h"
#include "tools/order_load/schedule.h"
#include "tools/order_load/stream.h"

namespace oee::load {

class LoadRun final : public Connection::Listener, public Stream::Listener {
 public:
  // `server` outlives it.
  LoadRun(boost::asio::io_context& io, const Server& server, const Options& options);
  // Runs to the end on the calling thread.
  const Results& run();

 private:
  // The request of a busy connection: a submission, or else the lookup of one order.
  struct InFlight {
    std::optional<Submission> submission;
    OrderId looked_up;
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

  void begin();
  // Sends what is due on the idle connections and sets the timer for the next due time.
  void pump();
  void arm(Clock::time_point now);
  void submit(Connection& connection, Submission submission, Clock::time_point now);
  void look_up(Connection& connection, const OrderId& id, Clock::time_point now);

  void take_submit_answer(const Submission& submission, const Answer& answer,
                          Clock::time_point now);
  void take_lookup_answer(const OrderId& id, const Answer& answer);
  void accept(const Submission& submission, const Answer& answer, Clock::time_point now);
  void retry(const Submission& submission, std::optional<std::chrono::seconds> after,
             Clock::time_point now);
  void replace_ended();
  void unexpected(const std::string& what, std::string_view sample);

  void tick();
  void look_up_open_orders(Clock::time_point now);
  bool sent_everything() const;
  void finish_when_done();
  void show_progress(Clock::time_point now);

  boost::asio::io_context& io_;
  const Options options_;
  Results results_;
  Schedule schedule_;
  OrderTracker tracker_;
  Requests requests_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<InFlight> in_flight_;  // by connection
  std::size_t submits_in_flight_ = 0;
  std::vector<Connection*> idle_;
  std::deque<OrderId> lookups_;  // to send
  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer due_timer_;
  boost::asio::steady_timer tick_timer_;

  Clock::time_point armed_for_ = Clock::time_point::max();
  Clock::time_point started_;
  Clock::time_point last_answer_;
  Clock::time_point stream_alive_;  // when the stream last reported an end
  Clock::time_point last_progress_;
  std::uint64_t accepted_at_progress_ = 0;
  std::uint64_t samples_shown_ = 0;
};

}  // namespace oee::load
