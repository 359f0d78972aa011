#include "tools/order_load/connection.h"

#include <boost/asio/write.hpp>
#include <utility>

namespace oee::load {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::chrono::milliseconds reconnect_pause{100};
}  // namespace

Connection::Connection(asio::io_context& io, const Server& server, std::size_t index,
                       Listener& listener)
    : io_(io),
      pause_(io.get_executor()),
      server_(server),
      index_(index),
      listener_(listener),
      in_(read_bytes, '\0') {}

void Connection::connect() {
  const std::uint64_t generation = ++generation_;
  wire_.emplace(io_, server_);  // the last one was closed a pause ago: no handler uses it
  wire_->async_connect([this, generation](const error_code& error) {
    if (generation != generation_) return;
    if (error) {
      listener_.on_connect_failed(error.message());
      fail(error.message());
      return;
    }
    wire_->non_blocking(true);
    in_size_ = 0;
    read_more();
    ready_ = true;
    listener_.on_ready(*this);
  });
}

// A request fits in an empty socket buffer, so it is written at once, without the reactor.
void Connection::send(std::string_view request, Clock::time_point now) {
  ready_ = false;
  busy_ = true;
  sent_at_ = now;
  error_code error;
  const std::size_t written =
      wire_->write_some(asio::buffer(request.data(), request.size()), error);
  if (error && error != asio::error::would_block) {
    // Reported from the loop, because the caller does not expect on_lost inside send().
    asio::post(io_, [this, generation = generation_, why = error.message()] {
      if (generation == generation_) fail(why);
    });
    return;
  }
  if (written == request.size()) return;
  out_.assign(request.substr(error ? 0 : written));
  asio::async_write(*wire_, asio::buffer(out_),
                    [this, generation = generation_](const error_code& failed, std::size_t) {
                      if (failed && generation == generation_) fail(failed.message());
                    });
}

// One read is always outstanding, also while idle, so a close by the server is seen at once.
void Connection::read_more() {
  if (in_size_ == in_.size()) in_.resize(in_.size() * 2);
  wire_->async_read_some(asio::buffer(in_.data() + in_size_, in_.size() - in_size_),
                         [this, generation = generation_](const error_code& error, std::size_t n) {
                           if (generation != generation_) return;
                           if (error) {
                             fail(error.message());
                             return;
                           }
                           in_size_ += n;
                           take_answer();
                         });
}

void Connection::take_answer() {
  Answer answer;
  std::size_t used = 0;
  switch (parse_answer({in_.data(), in_size_}, &answer, &used)) {
    case AnswerState::incomplete:
      read_more();
      return;
    case AnswerState::malformed:
      fail("the answer is not HTTP as order-engine sends it");
      return;
    case AnswerState::complete:
      break;
  }
  if (!busy_ || used != in_size_) {
    fail("an answer without a request");
    return;
  }
  busy_ = false;
  listener_.on_answer(*this, answer);
  in_size_ = 0;
  if (!answer.keep_alive) {
    fail("closed by the server");
    return;
  }
  read_more();
  ready_ = true;
  listener_.on_ready(*this);
}

void Connection::fail(std::string_view why) {
  ++generation_;
  wire_->close();
  const bool was_busy = std::exchange(busy_, false);
  const bool was_ready = std::exchange(ready_, false);
  if (was_busy) listener_.on_lost(*this, why);
  if (was_ready) listener_.on_gone(*this);
  pause_.expires_after(reconnect_pause);
  pause_.async_wait([this](const error_code& error) {
    if (!error) connect();
  });
}

}  // namespace oee::load
