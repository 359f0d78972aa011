// What came of each request and what the stream tells: the second half of LoadRun.
#include <cstdio>

#include "tools/order_load/load_run.h"

namespace oee::load {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

bool is_final(std::string_view status) {
  return status == "confirmed" || status == "failed" || status == "cancelled" ||
         status == "expired";
}

}  // namespace

void LoadRun::on_ready(Connection& connection) {
  idle_.push_back(&connection);
  pump();
}

void LoadRun::on_answer(Connection& connection, const Answer& answer) {
  const auto now = Clock::now();
  InFlight& errand = errands_[connection.index()];
  if (!errand.submission) {
    take_state(errand.asked, answer);
    return;
  }
  const Submission submission = *errand.submission;
  errand.submission.reset();
  --in_flight_;
  last_answer_ = now;
  results_.answer.record(now - connection.sent_at());
  take_submit_answer(submission, answer, now);
  if (!generating_) finish_when_done();
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
    replace();
  }
}

void LoadRun::accept(const Submission& submission, const Answer& answer, Clock::time_point now) {
  const auto id = parse_order_id(json_text(answer.body, "orderId"));
  if (!id.ok()) {
    unexpected("202 without an orderId", answer.body);
    replace();
    return;
  }
  ++results_.accepted;
  if (answer.replayed) ++results_.replayed;
  if (answer.replayed && submission.sent == 1)
    unexpected("a first request was called a replay", answer.body);
  results_.accept.record(now - submission.due);
  if (options_.outcomes) {
    const auto [order, fresh] = orders_.emplace(*id, OrderState{submission.due});
    if (!fresh) unexpected("one orderId for two orders", answer.body);
    if (const auto early = early_ends_.find(*id); early != early_ends_.end()) {
      order->second.seen_on_stream = true;
      end_order(*id, order->second, early->second, now);
      early_ends_.erase(early);
    }
  }
  if (!options_.open) replace();
}

void LoadRun::retry(Submission submission, std::optional<seconds> after, Clock::time_point now) {
  if (submission.sent > options_.retries) {
    ++results_.given_up;
    replace();
    return;
  }
  // Up to a quarter later than asked, so that the refused do not all come back at the same moment.
  jitter_ ^= jitter_ << 13, jitter_ ^= jitter_ >> 7, jitter_ ^= jitter_ << 17;
  if (options_.retry_at_once) {
    due_.push_front(submission);
    return;
  }
  const nanoseconds wait = after.value_or(seconds(1));
  const nanoseconds spread = wait / 4 + milliseconds(50);
  retries_.push(
      {now + wait + nanoseconds(jitter_ % static_cast<std::uint64_t>(spread.count())), submission});
}

void LoadRun::on_lost(Connection& connection, std::string_view why) {
  InFlight& errand = errands_[connection.index()];
  if (!errand.submission) {
    questions_.push_back(errand.asked);
    return;
  }
  const Submission submission = *errand.submission;
  errand.submission.reset();
  --in_flight_;
  // The order may have been accepted: only the same key can find out.
  if (options_.keys) {
    retry(submission, std::nullopt, Clock::now());
    return;
  }
  ++results_.lost;
  if (!options_.quiet && samples_shown_++ < 5) {
    std::fprintf(stderr, "order-load: lost answer: %s\n", std::string(why).c_str());
  }
  replace();
}

void LoadRun::on_gone(Connection& connection) {
  std::erase(idle_, &connection);
}

void LoadRun::on_connect_failed(std::string_view) {
  ++results_.connect_failures;
}

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
  const auto found = orders_.find(*id);
  if (found == orders_.end()) {
    if (in_flight_ > 0 || !retries_.empty()) early_ends_[*id] = update.status;
    return;
  }
  OrderState& state = found->second;
  if (state.seen_on_stream) unexpected("an order ended twice on the stream", update.order_id);
  if (state.ended && !state.seen_on_stream) --unseen_ends_;
  state.seen_on_stream = true;
  if (!state.ended) end_order(*id, state, update.status, now);
  if (!generating_) finish_when_done();
}

void LoadRun::end_order(const OrderId&, OrderState& state, std::string_view status,
                        Clock::time_point now) {
  state.ended = true;
  ++results_.outcomes[std::string(status)];
  if (state.seen_on_stream)
    results_.end.record(now - state.due);
  else
    ++unseen_ends_;
  if (options_.open) {
    replace();
    pump();
  }
}

void LoadRun::take_state(const OrderId& id, const Answer& answer) {
  const auto found = orders_.find(id);
  if (answer.status != 200 || found == orders_.end()) {
    unexpected("GET of an accepted order: " + std::to_string(answer.status), answer.body);
    return;
  }
  const std::string_view status = json_text(answer.body, "status");
  if (!found->second.ended && is_final(status)) end_order(id, found->second, status, Clock::now());
  finish_when_done();
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
  if (samples_shown_++ >= 5) return;
  std::fprintf(stderr, "order-load: unexpected: %s: %s\n", what.c_str(),
               std::string(sample.substr(0, 500)).c_str());
}

}  // namespace oee::load
