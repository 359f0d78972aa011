// One HTTP connection: reads requests one after the other, asks the shard's handler, writes the
// answers in order, and ends when either side is done or too slow. On its shard's loop.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/http/refusal_throttle.h"
#include "api/http/wire.h"

namespace oee {

class HttpConnection;

// What the connections of one shard share. `now` is the time of the shard's last sweep: deadlines
// are as coarse as that, so that a request reads no clock and sets no timer.
struct HttpShardState {
  const HttpLimits& limits;
  HttpHandler& handler;
  SteadyTime now{};
  std::string date_line;
  std::string request_id_prefix;  // random, so that two starts of the engine make different ids
  std::uint64_t requests = 0;
  bool draining = false;
  Resting resting;
  std::vector<HttpConnection*> connections;  // those that run
};

class HttpConnection {
 public:
  HttpConnection(Socket socket, HttpShardState& shard);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;

  // Serves the connection to its end.
  Task<void> run();
  // Says that the server has no room for it, and why, and ends.
  Task<void> turn_away(HttpRefusal refusal);

  // Ends what has been waited for too long.
  void sweep();
  // Closes the connection when it is between two requests; after its answer otherwise.
  void drain();
  // Ends it whatever it does. run() returns soon after.
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // What the coroutine waits for.
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

  // TLS, when the socket has it. false: `refusal_` says why, or (empty) the client has gone.
  Task<bool> shake_hands();
  Task<Next> serve_request();
  // false: `refusal_` says why, or (empty) the client has gone.
  Task<bool> read_head();
  Task<bool> read_body();
  Task<Next> answer(bool keep_alive);
  Task<Next> refuse(HttpRefusal refusal);
  // Sends what the socket takes at once; `bytes` keeps the rest. false: the client has gone.
  bool send_at_once(std::string_view& bytes);
  // Sends all of it, as fast as the client takes it. false: it has gone, or is too slow.
  Task<bool> write(std::string_view bytes);
  // Sends the end of the stream, then reads and drops what the client is still sending for a
  // moment: closing at once would reset the connection and could destroy the answer on its way.
  Task<void> linger();
  Task<void> hand_over();
  Task<void> stream(std::unique_ptr<HttpStream> body, bool chunked);
  void give_buffers_back();
  // Before a read that waits for `wait`.
  void expect_bytes(Wait wait);

  bool parse_head(std::size_t size);
  // Moves the body to the request; false when some of it is still to come.
  bool take_body();
  void choose_request_id();
  std::string_view buffered() const;
  void expect_within(Wait wait, std::chrono::seconds limit);

  Socket socket_;
  HttpShardState& shard_;
  std::size_t index_;  // in shard_.connections
  Wait wait_ = Wait::nothing;
  SteadyTime deadline_{};
  bool too_slow_ = false;
  boost::beast::flat_buffer in_;
  std::string out_;
  std::optional<Parser> parser_;
  RequestFacts facts_;
  std::optional<HttpRefusal> refusal_;
  std::string request_id_;
};

}  // namespace oee
