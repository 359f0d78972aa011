#include "api/http/server/connection.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <charconv>

#include "core/base/check.h"
#include "core/runtime/asio_task.h"

namespace oee {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// Holds one small request; the buffer grows with longer ones.
constexpr std::size_t read_bytes = 4096;
// Kept between requests: 12,000 idle connections hold 200 MB at most.
constexpr std::size_t buffer_bytes_kept = 16 * 1024;
constexpr int idle_factor = 6;
constexpr std::chrono::seconds linger_max{2};
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr const char* request_id_header = "X-Request-Id";
constexpr unsigned char tls_handshake_record = 22;  // RFC 8446 5.1: the first byte of TLS
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

}  // namespace

HttpConnection::HttpConnection(Socket socket, HttpShardState& shard)
    : socket_(std::move(socket)), shard_(shard), index_(shard.connections.size()) {
  shard_.connections.push_back(this);
  error_code ignored;
  // With user-level non-blocking mode a response usually goes out in one direct call.
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const std::chrono::milliseconds unacknowledged_max = shard_.limits.unacknowledged_max;
  socket_.set_option(UserTimeout(static_cast<int>(unacknowledged_max.count())), ignored);
}

HttpConnection::~HttpConnection() {
  hold(0);
  shard_.connections.back()->index_ = index_;
  shard_.connections[index_] = shard_.connections.back();
  shard_.connections.pop_back();
}

void HttpConnection::expect_within(Wait wait, std::chrono::seconds limit) {
  wait_ = wait;
  waits_since_ = shard_.now;
  deadline_ = shard_.now + limit;
}

void HttpConnection::sweep() {
  if (wait_ == Wait::nothing || wait_ == Wait::handler) return;
  if (wait_ == Wait::writable && socket_.output_moved())
    deadline_ = shard_.now + shard_.limits.write_stall_max;
  SteadyTime deadline = deadline_;
  if (wait_ == Wait::request && shard_.nearly_full)
    deadline = std::min(deadline, waits_since_ + shard_.limits.idle_timeout_nearly_full);
  if (shard_.now < deadline) return;
  too_slow_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void HttpConnection::drain() {
  if (wait_ == Wait::request) close();
}

void HttpConnection::close() {
  hold(0);  // freed when the write under way ends
  error_code ignored;
  socket_.close(ignored);
}

void HttpConnection::hold(std::size_t unsent_bytes) {
  // A negative difference wraps round, and back.
  shard_.unsent_bytes += unsent_bytes - unsent_bytes_;
  unsent_bytes_ = unsent_bytes;
}

std::string_view HttpConnection::buffered() const {
  const auto bytes = in_.cdata();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

Task<bool> HttpConnection::shake_hands() {
  if (!socket_.is_tls()) co_return true;
  expect_within(Wait::handshake, shard_.limits.handshake_timeout);
  const error_code readable = co_await socket_.tcp().async_wait(Socket::Tcp::wait_read, use_task);
  if (readable || too_slow_) co_return false;
  unsigned char first = 0;
  error_code error;
  socket_.tcp().receive(asio::buffer(&first, 1), Socket::Tcp::message_peek, error);
  if (error) co_return false;
  if (first != tls_handshake_record) {
    wait_ = Wait::nothing;
    socket_.become_plain();
    refusal_ = HttpRefusal{400, "tls_required", "This port accepts only TLS: use https or wss."};
    if (shard_.log != nullptr)
      shard_.log->tls_failed(socket_.peer(), "the client sends plain text");
    co_return false;
  }
  const error_code shaken = co_await socket_.async_handshake(use_task);
  wait_ = Wait::nothing;
  if (shaken || too_slow_) log_tls_failure(shaken);
  co_return !shaken && !too_slow_;
}

void HttpConnection::log_tls_failure(const error_code& error) {
  if (shard_.log == nullptr) return;
  if (too_slow_) return shard_.log->tls_failed(socket_.peer(), "the client is too slow");
  if (error != asio::error::operation_aborted)
    shard_.log->tls_failed(socket_.peer(), error.message());
}

Task<void> HttpConnection::run() {
  Next next = Next::request;
  const bool open = co_await shake_hands();
  if (!open) {
    next = Next::close;
    if (refusal_) {
      choose_request_id();
      HttpRefusal refusal = std::move(*refusal_);
      next = co_await refuse(std::move(refusal));
    }
  }
  while (next == Next::request) {
    next = co_await serve_request();
    // The other answers of the same commit are sent first: the client's next request is not here
    // yet in any case.
    if (next == Next::request && in_.size() == 0) co_await reschedule(socket_.loop());
    // A draining server still answers requests that have arrived.
    if (next == Next::request && shard_.draining && in_.size() == 0) next = Next::close;
  }
  if (next == Next::linger) co_await linger();
  close();
}

Task<void> HttpConnection::reject(HttpRefusal refusal) {
  const bool open = co_await shake_hands();
  if (!open) co_return close();
  choose_request_id();
  const Next next = co_await refuse(std::move(refusal));
  if (next == Next::linger) co_await linger();
  close();
}

Task<HttpConnection::Next> HttpConnection::serve_request() {
  parsed_ = ParsedHead{};
  refusal_.reset();
  request_id_.clear();
  bool whole = co_await read_head();
  if (whole && !take_body()) whole = co_await read_body();
  if (!whole) {
    if (!refusal_) co_return Next::close;
    choose_request_id();
    HttpRefusal refusal = std::move(*refusal_);
    co_return co_await refuse(std::move(refusal));
  }
  if (parsed_.upgrade) {
    const auto target = parser_->get().target();
    if (shard_.handler.accepts_upgrade({target.data(), target.size()})) {
      co_await serve_websocket();
      co_return Next::close;
    }
  }
  choose_request_id();
  co_return co_await answer(parsed_.keep_alive);
}

void HttpConnection::expect_bytes(Wait wait) {
  const bool first = !parser_.has_value();
  if (first && wait_ == Wait::request) {
    wait_ =
        wait;  // a new connection has one deadline, from its opening to its first request's head
  } else if (wait_ != wait) {
    expect_within(wait, wait == Wait::body ? shard_.limits.body_timeout
                        : wait == Wait::request && !first
                            ? shard_.limits.header_timeout * idle_factor
                            : shard_.limits.header_timeout);
  }
}

Task<bool> HttpConnection::read_head() {
  HeadScanner scanner(shard_.limits);
  bool began = false;  // one empty line before a request is skipped (RFC 9112 2.2)
  for (;;) {
    if (!began && in_.size() > 0 && buffered() != "\r") {
      if (buffered().starts_with("\r\n")) in_.consume(2);
      began = true;
    }
    if (began) {
      if (const auto size = scanner.scan(buffered())) co_return parse_head(*size);
      if (scanner.refusal()) {
        refusal_ = scanner.refusal();
        co_return false;
      }
    }
    const bool idle = in_.size() == 0;
    if (idle && in_.capacity() > buffer_bytes_kept) in_.shrink_to_fit();
    expect_bytes(idle ? Wait::request : Wait::head);
    const auto space = in_.prepare(read_bytes);
    const auto [error, size] = co_await socket_.async_read_some(space, use_task);
    in_.commit(size);
    if (error || too_slow_) {
      if (too_slow_ && in_.size() > 0) {
        refusal_ = HttpRefusal{408, "head_timeout", "The request's head took too long to arrive."};
      }
      co_return false;
    }
  }
}

bool HttpConnection::parse_head(std::size_t size) {
  wait_ = Wait::nothing;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shard_.limits.header_bytes_max) + 1);
  parser_->body_limit(boost::none);  // inspect() checks the length before the body is read
  error_code error;
  parser_->put(asio::const_buffer(in_.cdata().data(), size), error);
  in_.consume(size);
  if (error || !parser_->is_header_done()) {
    refusal_ = refusal_of(error, parser_->get());
    return false;
  }
  refusal_ = inspect(parser_->get(), parser_->keep_alive(), shard_.limits, parsed_);
  if (parsed_.chunked) chunks_.emplace(shard_.limits);
  return !refusal_;
}

bool HttpConnection::take_body() {
  if (parsed_.chunked) {
    in_.consume(chunks_->read(buffered(), parser_->get().body()));
    refusal_ = chunks_->refusal();
    if (chunks_->done()) wait_ = Wait::nothing;
    return chunks_->done();
  }
  const std::size_t length = parsed_.content_length;
  if (in_.size() < length) return false;
  wait_ = Wait::nothing;
  parser_->get().body().assign(buffered().substr(0, length));
  in_.consume(length);
  return true;
}

Task<bool> HttpConnection::read_body() {
  if (parsed_.expects_continue && !refusal_) {
    const bool sent = co_await write(continue_line);
    if (!sent) co_return false;
  }
  while (!take_body()) {
    if (refusal_) co_return false;
    const std::size_t missing = parsed_.chunked ? 0 : parsed_.content_length - in_.size();
    expect_bytes(Wait::body);
    const auto space = in_.prepare(std::max(read_bytes, missing));
    const auto [error, size] = co_await socket_.async_read_some(space, use_task);
    in_.commit(size);
    if (error || too_slow_) {
      if (too_slow_) {
        refusal_ = HttpRefusal{408, "body_timeout", "The request's body took too long to arrive."};
      }
      co_return false;
    }
  }
  co_return true;
}

void HttpConnection::choose_request_id() {
  if (!parsed_.request_id.empty()) {
    request_id_.assign(parsed_.request_id);
    return;
  }
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, ++shard_.requests, 16).ptr;
  request_id_.assign(shard_.request_id_prefix);
  request_id_.append(digits, end);
}

Task<HttpConnection::Next> HttpConnection::answer(bool keep_alive) {
  const BeastRequest& request = parser_->get();
  wait_ = Wait::handler;
  auto handling = shard_.handler.handle(request, request_id_, socket_.peer());
  const RequestTimer timer = shard_.handler.timer();
  HttpAnswer answer = co_await std::move(handling);
  log_answer(answer, timer, timer.answered(answer.status));
  wait_ = Wait::nothing;
  const bool streams = answer.stream && !parsed_.head_only;
  if (streams) keep_alive = false;
  if (shard_.draining && in_.size() == 0) keep_alive = false;
  ResponseFrame frame;
  frame.date_line = shard_.date_line;
  frame.request_id = request_id_;
  frame.head_only = parsed_.head_only;
  if (!keep_alive) {
    frame.connection = ConnectionLine::close;
  } else if (request.version() < 11) {
    frame.connection = ConnectionLine::keep_alive;
  }
  if (answer.stream)
    frame.body_end = request.version() < 11 ? BodyEnd::connection : BodyEnd::chunks;
  out_.clear();
  append_response(out_, answer, frame);
  std::string().swap(answer.body);  // the client may take long
  std::string_view rest = out_;
  bool written = send_at_once(rest);
  if (written && !rest.empty()) written = co_await write(rest);
  if (!written) co_return Next::close;
  if (streams) {
    co_await stream(std::move(answer.stream), frame.body_end == BodyEnd::chunks);
    co_return Next::close;
  }
  if (out_.capacity() > buffer_bytes_kept) std::string().swap(out_);
  if (answer.busy && keep_alive) co_await shard_.throttle.turn(shard_.now);
  if (keep_alive) co_return Next::request;
  // TLS ends with a close_notify. Without it a client treats the answer as truncated.
  co_return in_.size() > 0 || socket_.is_tls() ? Next::linger : Next::close;
}

void HttpConnection::log_answer(const HttpAnswer& answer, const RequestTimer& timer, Micros took) {
  if (shard_.log == nullptr) return;
  const BeastRequest& request = parser_->get();
  const auto method = request.method_string();
  const auto target = request.target();
  shard_.log->answered({.client = socket_.peer(),
                        .method = {method.data(), method.size()},
                        .route = timer.route(),
                        .target = {target.data(), target.size()},
                        .status = answer.status,
                        .bytes = parsed_.head_only ? 0 : answer.body.size(),
                        .took = took,
                        .request_id = request_id_,
                        .token = timer.caller()});
}

Task<HttpConnection::Next> HttpConnection::refuse(HttpRefusal refusal) {
  too_slow_ = false;
  HttpAnswer answer =
      shard_.handler.refuse(refusal.status, refusal.code, refusal.detail, request_id_);
  if (shard_.log != nullptr)
    shard_.log->answered({.client = socket_.peer(),
                          .status = answer.status,
                          .bytes = parsed_.head_only ? 0 : answer.body.size(),
                          .request_id = request_id_});
  ResponseFrame frame;
  frame.date_line = shard_.date_line;
  frame.request_id = request_id_;
  frame.connection = ConnectionLine::close;
  frame.head_only = parsed_.head_only;
  out_.clear();
  append_response(out_, answer, frame);
  const bool written = co_await write(out_);
  co_return written ? Next::linger : Next::close;
}

bool HttpConnection::send_at_once(std::string_view& bytes) {
  error_code error;
  bytes.remove_prefix(socket_.write_some(asio::buffer(bytes), error));
  return !error || error == asio::error::would_block;
}

Task<bool> HttpConnection::write(std::string_view bytes) {
  expect_within(Wait::writable, shard_.limits.write_stall_max);
  hold(out_.size());
  const auto result = co_await asio::async_write(socket_, asio::buffer(bytes), use_task);
  hold(0);
  wait_ = Wait::nothing;
  co_return !result.ec && !too_slow_;
}

Task<void> HttpConnection::linger() {
  error_code error;
  in_.clear();
  expect_within(Wait::end, linger_max);
  if (socket_.is_tls()) error = co_await socket_.async_close_notify(use_task);
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) co_return;
  std::size_t dropped = 0;
  while (dropped < linger_bytes_max && !too_slow_) {
    const auto space = in_.prepare(read_bytes);
    const auto [failed, size] = co_await socket_.tcp().async_read_some(space, use_task);
    if (failed) break;
    dropped += size;
  }
}

Task<void> HttpConnection::serve_websocket() {
  choose_request_id();
  BeastRequest request = parser_->release();
  request.set(request_id_header, request_id_);  // for the answer when the upgrade is refused
  std::string early(buffered());
  release_buffers();
  wait_ = Wait::handler;
  co_await shard_.handler.websocket(std::move(socket_), std::move(request), std::move(early));
}

Task<void> HttpConnection::stream(std::unique_ptr<HttpStream> body, bool chunked) {
  release_buffers();
  parser_.reset();
  wait_ = Wait::handler;
  co_await body->run(std::move(socket_), chunked);
}

// Thousands of WebSockets and event streams stay open for hours and do not use these buffers.
void HttpConnection::release_buffers() {
  in_.clear();
  in_.shrink_to_fit();
  std::string().swap(out_);
}

}  // namespace oee
