#include "tools/order_load/load_run.h"

#include <algorithm>
#include <cstdio>

namespace oee::load {

using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds tick_every{100};
constexpr std::uint64_t samples_max = 5;  // messages about unexpected answers

}  // namespace

LoadRun::LoadRun(boost::asio::io_context& io, const Server& server, const Options& options)
    : io_(io),
      options_(options),
      schedule_(options_),
      tracker_(results_),
      requests_(options),
      in_flight_(options.connections),
      due_timer_(io),
      tick_timer_(io) {
  for (std::size_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(io, server, i, *this));
  }
  if (options.outcomes)
    stream_ = std::make_unique<Stream>(io, server, host_header(options), options.token, *this);
}

const Results& LoadRun::run() {
  started_ = last_answer_ = stream_alive_ = last_progress_ = Clock::now();
  for (auto& connection : connections_) connection->connect();
  if (stream_)
    stream_->connect();
  else
    begin();
  tick();
  io_.run();
  results_.due = schedule_.generated();
  results_.open = tracker_.open_orders().size();
  results_.ended_unseen = tracker_.ended_unseen();
  results_.given_up += schedule_.retry_count();
  results_.not_sent = schedule_.due_count();
  results_.sending = last_answer_ - started_;
  return results_;
}

void LoadRun::begin() {
  if (schedule_.started()) return;
  started_ = last_answer_ = last_progress_ = Clock::now();
  schedule_.start(started_);
  pump();
}

// --- Sending -------------------------------------------------------------------------------------

void LoadRun::pump() {
  const auto now = Clock::now();
  schedule_.advance(now);
  while (!idle_.empty() && (schedule_.has_due() || !lookups_.empty())) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    if (schedule_.has_due()) {
      submit(connection, schedule_.take_due(), now);
    } else {
      const OrderId id = lookups_.front();
      lookups_.pop_front();
      look_up(connection, id, now);
    }
  }
  arm(now);
}

// Sets the timer to the next due time. While no connection is idle no timer is needed, because each
// answer calls pump().
void LoadRun::arm(Clock::time_point now) {
  if (idle_.empty() || !schedule_.started()) return;
  const auto next = schedule_.next_due();
  if (next == Clock::time_point::max() || next == armed_for_) return;
  armed_for_ = next;
  due_timer_.expires_at(std::max(next, now));
  due_timer_.async_wait([this](const error_code& error) {
    if (error) return;
    armed_for_ = Clock::time_point::max();
    pump();
  });
}

void LoadRun::submit(Connection& connection, Submission submission, Clock::time_point now) {
  ++submission.sent;
  ++results_.requests;
  if (submission.sent > 1) ++results_.retried;
  ++submits_in_flight_;
  in_flight_[connection.index()].submission = submission;
  connection.send(requests_.submit(submission.index), now);
}

void LoadRun::look_up(Connection& connection, const OrderId& id, Clock::time_point now) {
  in_flight_[connection.index()] = {std::nullopt, id};
  connection.send(requests_.lookup(id), now);
}

// --- Answers -------------------------------------------------------------------------------------

void LoadRun::on_ready(Connection& connection) {
  idle_.push_back(&connection);
  pump();
}

void LoadRun::on_answer(Connection& connection, const Answer& answer) {
  const auto now = Clock::now();
  InFlight& request = in_flight_[connection.index()];
  if (!request.submission) {
    take_lookup_answer(request.looked_up, answer);
    return;
  }
  const Submission submission = *request.submission;
  request.submission.reset();
  --submits_in_flight_;
  last_answer_ = now;
  results_.answer.record(now - connection.sent_at());
  take_submit_answer(submission, answer, now);
  if (!schedule_.generating()) finish_when_done();
}

void LoadRun::take_submit_answer(const Submission& submission, const Answer& answer,
                                 Clock::time_point now) {
  ++results_.answers[answer.status];
  if (answer.status == 202) {
    accept(submission, answer, now);
  } else if (answer.status == 503 || answer.status == 429) {
    ++results_.refused;
    if (!answer.retry_after)
      unexpected(std::to_string(answer.status) + " without Retry-After", answer.body);
    retry(submission, answer.retry_after, now);
  } else {
    unexpected("answer " + std::to_string(answer.status), answer.body);
    schedule_.replace();
  }
}

void LoadRun::accept(const Submission& submission, const Answer& answer, Clock::time_point now) {
  const auto id = parse_order_id(json_text(answer.body, "orderId"));
  if (!id.ok()) {
    unexpected("202 without an orderId", answer.body);
    schedule_.replace();
    return;
  }
  ++results_.accepted;
  if (answer.replayed) ++results_.replayed;
  if (answer.replayed && submission.sent == 1)
    unexpected("a first request was answered as a replay", answer.body);
  results_.accept.record(now - submission.due);
  if (options_.outcomes) {
    const OrderTracker::Added added = tracker_.add(*id, submission.due, now);
    if (!added.fresh) unexpected("one orderId for two orders", answer.body);
    if (added.ended) replace_ended();
  }
  if (!options_.open) schedule_.replace();
}

void LoadRun::retry(const Submission& submission, std::optional<seconds> after,
                    Clock::time_point now) {
  if (schedule_.retry(submission, after, now)) return;
  ++results_.given_up;
  schedule_.replace();
}

void LoadRun::on_lost(Connection& connection, std::string_view why) {
  InFlight& request = in_flight_[connection.index()];
  if (!request.submission) {
    lookups_.push_back(request.looked_up);
    return;
  }
  const Submission submission = *request.submission;
  request.submission.reset();
  --submits_in_flight_;
  // The order may have been accepted. Only a request with the same key can find out.
  if (options_.keys) {
    retry(submission, std::nullopt, Clock::now());
    return;
  }
  ++results_.lost;
  if (!options_.quiet && samples_shown_++ < samples_max) {
    std::fprintf(stderr, "order-load: lost answer: %s\n", std::string(why).c_str());
  }
  schedule_.replace();
}

void LoadRun::on_gone(Connection& connection) {
  std::erase(idle_, &connection);
}

void LoadRun::on_connect_failed(std::string_view) {
  ++results_.connect_failures;
}

void LoadRun::take_lookup_answer(const OrderId& id, const Answer& answer) {
  if (answer.status != 200 || !tracker_.contains(id)) {
    unexpected("GET of an accepted order: " + std::to_string(answer.status), answer.body);
    return;
  }
  const std::string_view status = json_text(answer.body, "status");
  if (is_final(status) && tracker_.end_by_lookup(id, status, Clock::now())) replace_ended();
  finish_when_done();
}

// --- The stream ----------------------------------------------------------------------------------

void LoadRun::on_subscribed() {
  begin();
}

void LoadRun::on_update(const UpdateSeen& update) {
  if (!is_final(update.status)) return;
  const auto id = parse_order_id(update.order_id);
  if (!id.ok()) {
    unexpected("an update without an orderId", update.order_id);
    return;
  }
  const auto now = Clock::now();
  stream_alive_ = now;
  switch (tracker_.end_on_stream(*id, update.status, now)) {
    case OrderTracker::StreamEnd::unknown:
      if (submits_in_flight_ > 0 || schedule_.retry_count() > 0) {
        tracker_.keep_early_end(*id, update.status);
      }
      return;
    case OrderTracker::StreamEnd::repeated:
      unexpected("an order ended twice on the stream", update.order_id);
      break;
    case OrderTracker::StreamEnd::known:
      break;
    case OrderTracker::StreamEnd::ended:
      replace_ended();
      break;
  }
  if (!schedule_.generating()) finish_when_done();
}

// With --open an order that ended is replaced by a new one.
void LoadRun::replace_ended() {
  if (!options_.open) return;
  schedule_.replace();
  pump();
}

void LoadRun::on_stream_broken(const std::string& why) {
  ++results_.stream_breaks;
  if (!options_.quiet) std::fprintf(stderr, "order-load: stream: %s\n", why.c_str());
}

void LoadRun::on_stream_disorder(const std::string& what) {
  unexpected("the stream is out of order", what);
}

void LoadRun::unexpected(const std::string& what, std::string_view sample) {
  ++results_.unexpected[what];
  if (samples_shown_++ >= samples_max) return;
  std::fprintf(stderr, "order-load: unexpected: %s: %s\n", what.c_str(),
               std::string(sample.substr(0, 500)).c_str());
}

// --- The end -------------------------------------------------------------------------------------

void LoadRun::tick() {
  tick_timer_.expires_after(tick_every);
  tick_timer_.async_wait([this](const error_code& error) {
    if (error) return;
    const auto now = Clock::now();
    for (auto& connection : connections_) {
      if (connection->busy() && now - connection->sent_at() > options_.timeout) {
        connection->abandon("no answer in time");
      }
    }
    // Without the stream, open orders are looked up.
    if (!schedule_.started() && now - started_ > seconds(5)) begin();
    pump();
    if (!options_.quiet && now - last_progress_ >= seconds(1)) show_progress(now);
    if (sent_everything()) look_up_open_orders(now);
    if (!schedule_.generating() && now - schedule_.generation_ended() > options_.grace) io_.stop();
    finish_when_done();
    if (!io_.stopped()) tick();
  });
}

bool LoadRun::sent_everything() const {
  return schedule_.started() && !schedule_.generating() && !schedule_.has_due() &&
         schedule_.retry_count() == 0 && submits_in_flight_ == 0;
}

// Looks up the open orders when the stream has reported no end for 3 s. That finds an end that the
// stream lost.
void LoadRun::look_up_open_orders(Clock::time_point now) {
  if (!options_.outcomes || now - stream_alive_ < seconds(3) || !lookups_.empty()) return;
  for (const OrderId& id : tracker_.open_orders()) lookups_.push_back(id);
  if (lookups_.empty()) return;
  stream_alive_ = now;  // the next round is at least 3 s later
  pump();
}

void LoadRun::finish_when_done() {
  if (!sent_everything()) return;
  if (options_.outcomes) {
    if (!tracker_.all_ended()) return;
    // The stream has 5 s more to report an end that is known from a lookup only.
    if (tracker_.ended_unseen() > 0 && Clock::now() - stream_alive_ < seconds(5)) return;
  }
  io_.stop();
}

void LoadRun::show_progress(Clock::time_point now) {
  const double elapsed = std::chrono::duration<double>(now - last_progress_).count();
  std::fprintf(stderr,
               "order-load: %5.0f s  %llu accepted (%.0f/s)  %zu waiting to be sent  %llu open\n",
               std::chrono::duration<double>(now - started_).count(),
               static_cast<unsigned long long>(results_.accepted),
               static_cast<double>(results_.accepted - accepted_at_progress_) / elapsed,
               schedule_.due_count() + schedule_.retry_count(),
               static_cast<unsigned long long>(tracker_.open()));
  accepted_at_progress_ = results_.accepted;
  last_progress_ = now;
}

}  // namespace oee::load
