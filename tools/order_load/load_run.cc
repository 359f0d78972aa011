#include "tools/order_load/load_run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

namespace oee::load {

using boost::system::error_code;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t key_digits = 12;
constexpr milliseconds tick_every{100};

// A header line to follow another; empty: no token.
std::string authorization(const Options& options) {
  return options.token.empty() ? "" : "\r\nAuthorization: Bearer " + options.token;
}

std::string host_header(const Options& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

// The bytes of a submit; `key_at`: where the digits of its clientOrderId stand.
std::string build_request(const Options& options, std::size_t* key_at) {
  std::string body = R"({"inputToken":")" + options.input_token + R"(","outputToken":")" +
                     options.output_token + R"(","amount":")" + options.amount + "\"";
  std::size_t key_in_body = 0;
  if (options.keys) {
    // Keys live as long as the log: another run must not reuse them.
    const std::uint64_t run =
        (std::uint64_t{std::random_device{}()} << 20) ^ static_cast<std::uint64_t>(getpid());
    body += R"(,"clientOrderId":"load-)" + std::to_string(run) + "-";
    key_in_body = body.size();
    body += std::string(key_digits, '0') + "\"";
  }
  body += "}";
  const std::string head =
      "POST /v1/orders HTTP/1.1\r\nHost: " + host_header(options) + authorization(options) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n";
  *key_at = head.size() + key_in_body;
  return head + body;
}

}  // namespace

LoadRun::LoadRun(boost::asio::io_context& io, const Server& server, const Options& options)
    : io_(io), options_(options), errands_(options.connections), due_timer_(io), tick_timer_(io) {
  request_ = build_request(options, &key_digits_at_);
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
  results_.open = 0;
  for (const auto& [id, state] : orders_) results_.open += state.ended ? 0 : 1;
  results_.ended_unseen = unseen_ends_;
  results_.given_up += retries_.size();
  results_.not_sent = due_.size();
  results_.sending = last_answer_ - started_;
  return results_;
}

// --- the plan ---

void LoadRun::begin() {
  if (begun_) return;
  begun_ = true;
  started_ = last_answer_ = last_progress_ = Clock::now();
  if (!options_.rate) {
    const std::uint64_t first = options_.open.value_or(options_.connections);
    for (std::uint64_t i = 0; i < first; ++i) add_due(started_);
  }
  pump();
}

void LoadRun::generate(Clock::time_point now) {
  if (!begun_ || !generating_) return;
  if (options_.rate) {
    for (;;) {
      const auto offset =
          std::chrono::duration<double>(static_cast<double>(results_.due) / *options_.rate);
      const auto due = started_ + duration_cast<nanoseconds>(offset);
      if (!generating_ || due > now || due - started_ >= options_.duration) break;
      add_due(due);
    }
  }
  if (now - started_ >= options_.duration) generating_ = false;
  if (!generating_) generation_ended_ = now;
}

void LoadRun::add_due(Clock::time_point due) {
  if (!generating_) return;
  due_.push_back({results_.due++, due, 0});
  if (results_.due >= options_.orders) {
    generating_ = false;
    generation_ended_ = Clock::now();
  }
}

void LoadRun::replace() {
  if (options_.rate || !generating_) return;
  const auto now = Clock::now();
  generate(now);  // notices the end of the duration
  add_due(now);
}

// --- the dealing ---

void LoadRun::pump() {
  const auto now = Clock::now();
  generate(now);
  while (!retries_.empty() && retries_.top().at <= now) {
    due_.push_front(retries_.top().submission);
    retries_.pop();
  }
  while (!idle_.empty() && (!due_.empty() || !questions_.empty())) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    if (!due_.empty()) {
      const Submission next = due_.front();
      due_.pop_front();
      submit(connection, next, now);
    } else {
      const OrderId id = questions_.front();
      questions_.pop_front();
      ask(connection, id, now);
    }
  }
  arm(now);
}

// Wakes at the next moment when something becomes due; while no connection is idle, answers wake
// us.
void LoadRun::arm(Clock::time_point now) {
  if (idle_.empty() || !begun_) return;
  auto next = Clock::time_point::max();
  if (options_.rate && generating_) {
    const auto offset =
        std::chrono::duration<double>(static_cast<double>(results_.due) / *options_.rate);
    next = started_ + duration_cast<nanoseconds>(offset);
  }
  if (!retries_.empty()) next = std::min(next, retries_.top().at);
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
  if (options_.keys) {
    std::uint64_t rest = submission.index;
    for (std::size_t i = key_digits; i-- > 0; rest /= 10) {
      request_[key_digits_at_ + i] = static_cast<char>('0' + rest % 10);
    }
  }
  ++submission.sent;
  ++results_.requests;
  if (submission.sent > 1) ++results_.retried;
  ++in_flight_;
  errands_[connection.index()].submission = submission;
  connection.send(request_, now);
}

void LoadRun::ask(Connection& connection, const OrderId& id, Clock::time_point now) {
  errands_[connection.index()] = {std::nullopt, id};
  connection.send("GET /v1/orders/" + to_text(id) + " HTTP/1.1\r\nHost: " + host_header(options_) +
                      authorization(options_) + "\r\n\r\n",
                  now);
}

// --- the end ---

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
    if (!begun_ && now - started_ > seconds(5)) begin();  // without the stream, by polling
    pump();
    if (!options_.quiet && now - last_progress_ >= seconds(1)) progress(now);
    if (sent_everything()) ask_about_open_orders(now);
    if (!generating_ && now - generation_ended_ > options_.grace) io_.stop();
    finish_when_done();
    if (!io_.stopped()) tick();
  });
}

bool LoadRun::sent_everything() const {
  return begun_ && !generating_ && due_.empty() && retries_.empty() && in_flight_ == 0;
}

// When the stream has brought nothing for a while, the orders themselves are asked: a stream that
// lost an end is found by that.
void LoadRun::ask_about_open_orders(Clock::time_point now) {
  if (!options_.outcomes || now - stream_alive_ < seconds(3) || !questions_.empty()) return;
  for (const auto& [id, state] : orders_) {
    if (!state.ended) questions_.push_back(id);
  }
  if (questions_.empty()) return;
  stream_alive_ = now;  // the next round not before 3 s
  pump();
}

void LoadRun::finish_when_done() {
  if (!sent_everything()) return;
  if (options_.outcomes) {
    std::uint64_t ended = 0;
    for (const auto& [status, count] : results_.outcomes) ended += count;
    if (ended < orders_.size()) return;
    // An end that only GET has told may still come on the stream: it gets 5 s.
    if (unseen_ends_ > 0 && Clock::now() - stream_alive_ < seconds(5)) return;
  }
  io_.stop();
}

void LoadRun::progress(Clock::time_point now) {
  const double elapsed = std::chrono::duration<double>(now - last_progress_).count();
  std::uint64_t ended = 0;
  for (const auto& [status, count] : results_.outcomes) ended += count;
  std::fprintf(
      stderr, "order-load: %5.0f s  %llu accepted (%.0f/s)  %zu waiting to be sent  %llu open\n",
      std::chrono::duration<double>(now - started_).count(),
      static_cast<unsigned long long>(results_.accepted),
      static_cast<double>(results_.accepted - accepted_at_progress_) / elapsed,
      due_.size() + retries_.size(), static_cast<unsigned long long>(orders_.size() - ended));
  accepted_at_progress_ = results_.accepted;
  last_progress_ = now;
}

}  // namespace oee::load
