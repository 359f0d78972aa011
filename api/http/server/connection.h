// HttpConnection: one HTTP/1.1 connection. It reads one request after another, calls the shard's
// handler, writes the answers in order, and ends when either side closes or is too slow. Owned by
// the coroutine that runs it; on its shard's loop.
#pragma once

#include <atomic>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/http/request_log.h"
#include "api/http/server/chunk_decoder.h"
#include "api/http/server/refusal_throttle.h"
#include "api/http/wire.h"

namespace oee {

class HttpConnection;

// The state that the connections of one shard share. `now` is the time of the shard's last sweep.
// Deadlines are as coarse as the sweep, so that a request reads no clock and sets no timer.
struct HttpShardState {
  const HttpLimits& limits;
  HttpHandler& handler;
  std::atomic<std::uint64_t>& unsent_bytes;  // of all shards
  SteadyTime now{};
  std::string date_line = {};
  std::string request_id_prefix;  // random, so that each start of the engine makes different ids
  std::uint64_t requests = 0;
  bool draining = false;
  bool nearly_full = false;  // the server's connections, at the last sweep
  RefusalThrottle throttle = {};
  std::vector<HttpConnection*> connections = {};  // the open ones
  RequestLog* log = nullptr;                      // null: answers are not logged
};

class HttpConnection {
 public:
  HttpConnection(Socket socket, HttpShardState& shard);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;

  // Serves the connection until it is closed.
  Task<void> run();
  // Answers with the refusal, before any request is read, and closes.
  Task<void> reject(HttpRefusal refusal);

  // Ends the present wait when its deadline is over.
  void sweep();
  // Closes the connection at once when it is between two requests, else after its answer.
  void drain();
  // Closes the connection in any state. run() returns soon after.
  void close();
  // The bytes of an answer that wait for the client.
  std::size_t unsent_bytes() const { return unsent_bytes_; }
  // REQUIRES: unsent_bytes() > 0. Rises when the client takes a byte.
  SteadyTime stalls_at() const { return deadline_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // The event that the coroutine waits for.
  enum class Wait : std::uint8_t {
    nothing,
    handshake,
    request,
    head,
    body,
    writable,
    end,
    handler
  };
  enum class Next : std::uint8_t { request, close, linger };

  // The TLS handshake, when the socket is TLS. false: the reason is in `refusal_`; empty: the
  // client has disconnected.
  Task<bool> shake_hands();
  // Logs a handshake that failed, unless the client disconnected before it or the server stops.
  void log_tls_failure(const boost::system::error_code& error);
  Task<Next> serve_request();
  // false: as for shake_hands().
  Task<bool> read_head();
  Task<bool> read_body();
  Task<Next> answer(bool keep_alive);
  Task<Next> refuse(HttpRefusal refusal);
  // Sends the bytes that the socket takes without waiting; `bytes` keeps the rest. false: the
  // client has disconnected.
  bool send_at_once(std::string_view& bytes);
  // Sends all bytes. false: the client has disconnected, or takes none.
  Task<bool> write(std::string_view bytes);
  // Sends the end of the stream, then reads and drops the client's bytes for at most linger_max. An
  // immediate close would reset the connection, and the client could lose the answer.
  Task<void> linger();
  Task<void> serve_websocket();
  Task<void> stream(std::unique_ptr<HttpStream> body, bool chunked);
  void release_buffers();
  // Sets the deadline of a read that waits for `wait`.
  void expect_bytes(Wait wait);

  bool parse_head(std::size_t size);
  // Moves the body into the request. false: it is not complete yet, or `refusal_` has the reason.
  bool take_body();
  void choose_request_id();
  void log_answer(const HttpAnswer& answer, const RequestTimer& timer, Micros took);
  std::string_view buffered() const;
  void expect_within(Wait wait, std::chrono::seconds limit);
  void hold(std::size_t unsent_bytes);

  Socket socket_;
  HttpShardState& shard_;
  std::size_t index_;  // in shard_.connections
  Wait wait_ = Wait::nothing;
  SteadyTime waits_since_{};
  SteadyTime deadline_{};
  bool too_slow_ = false;
  std::size_t unsent_bytes_ = 0;  // counted in shard_.unsent_bytes
  boost::beast::flat_buffer in_;
  std::string out_;
  std::optional<Parser> parser_;
  ParsedHead parsed_;
  std::optional<ChunkDecoder> chunks_;  // of a body in chunks
  std::optional<HttpRefusal> refusal_;
  std::string request_id_;
};

}  // namespace oee
