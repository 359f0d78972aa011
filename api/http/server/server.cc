#include "api/http/server/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <random>

#include "api/http/server/connection.h"
#include "core/base/log.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/gate.h"
#include "core/runtime/sleep.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, Loop::executor_type>;

constexpr Micros sweep_every{250'000};   // the resolution of all time limits
constexpr Micros probe_every{20'000};    // measures how long requests wait to be read
constexpr Micros accept_pause{100'000};  // after the process has run out of descriptors
constexpr Micros warn_every{10'000'000};
// Connections that are being rejected at one time; further ones are closed without an answer.
constexpr std::uint32_t rejecting_max = 64;

std::string hexadecimal_prefix() {
  constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string text;
  for (int i = 0; i < 8; ++i) text += digits[random() & 15U];
  return text + '-';
}

// The connections of one shard. On its loop; the counters on any thread.
class HttpShard {
 public:
  // `connections`: the open connections of all shards.
  // `unsent_bytes` and `stalls_at`: of all shards, see below.
  HttpShard(const HttpLimits& limits, HttpServer::ShardBinding binding,
            std::function<std::uint32_t()> connections, std::atomic<std::uint64_t>& unsent_bytes,
            std::function<SteadyTime()> stalls_at, RequestLog* log)
      : loop_(*binding.loop),
        clock_(*binding.clock),
        connections_(std::move(connections)),
        first_stall_(std::move(stalls_at)),
        state_{.limits = limits,
               .handler = *binding.handler,
               .unsent_bytes = unsent_bytes,
               .request_id_prefix = hexadecimal_prefix(),
               .log = log} {}

  Loop& loop() { return loop_; }
  std::atomic<std::uint32_t>& open() { return open_; }            // any thread
  std::atomic<std::uint32_t>& rejecting() { return rejecting_; }  // any thread
  // When the slowest of its clients will have stalled, at the last sweep. Any thread.
  SteadyTime stalls_at() const { return stalls_at_.load(std::memory_order_relaxed); }

  void start() {
    if (gate_.closed()) return;
    sweep();
    probe_at(clock_.steady_now() + probe_every);
  }
  // The acceptor has counted the connection.
  void serve(Socket socket, std::function<void()> ended) {
    if (!spawn(gate_, "http connection", serve_counted(std::move(socket), ended))) {
      --open_;
      if (ended) ended();
    }
  }
  void reject(Socket socket, HttpRefusal refusal) {
    if (!spawn(gate_, "http reject", reject_counted(std::move(socket), std::move(refusal))))
      --rejecting_;
  }
  void drain() {
    state_.draining = true;
    state_.throttle.close();
    for (HttpConnection* connection : state_.connections) connection->drain();
  }
  void close() {
    state_.draining = true;
    state_.throttle.close();
    for (HttpConnection* connection : state_.connections) connection->close();
  }
  // REQUIRES: close() was called and the acceptor has stopped. Waits until no connection is left.
  Task<void> ended() {
    co_await gate_.close();
    if (timer_ != 0) clock_.cancel(timer_);
    timer_ = 0;
    if (probe_timer_ != 0) clock_.cancel(probe_timer_);
    probe_timer_ = 0;
  }

 private:
  Task<void> serve_counted(Socket socket, std::function<void()> ended) {
    {
      HttpConnection connection(std::move(socket), state_);
      co_await connection.run();
    }
    --open_;
    if (ended) ended();
  }
  Task<void> reject_counted(Socket socket, HttpRefusal refusal) {
    {
      HttpConnection connection(std::move(socket), state_);
      co_await connection.reject(std::move(refusal));
    }
    --rejecting_;
  }
  // A timer's descriptor is handled after the sockets that became readable before it. So a timer is
  // as late as a request that arrived when the timer was due.
  void probe_at(SteadyTime due) {
    probe_timer_ = clock_.call_at(due, [this, due] {
      const SteadyTime now = clock_.steady_now();
      state_.handler.on_wait(now - due);
      state_.throttle.tick(now);
      probe_at(now + probe_every);
    });
  }
  void sweep() {
    state_.now = clock_.steady_now();
    const auto second = std::chrono::floor<std::chrono::seconds>(clock_.now());
    if (second != date_second_) {
      date_second_ = second;
      state_.date_line = http_date_line(second);
    }
    state_.nearly_full =
        std::uint64_t{connections_()} * 100 > std::uint64_t{state_.limits.connections_max} * 90;
    for (HttpConnection* connection : state_.connections) connection->sweep();
    disconnect_slowest();
    timer_ = clock_.call_at(state_.now + sweep_every, [this] { sweep(); });
  }

  // While all answers hold too much memory, the shard of the slowest client disconnects its slowest
  // ones.
  void disconnect_slowest() {
    const std::uint64_t bytes_max = state_.limits.unsent_bytes_max;
    stalls_at_.store(SteadyTime::max(), std::memory_order_relaxed);
    if (state_.unsent_bytes <= bytes_max / 2) return;
    std::vector<HttpConnection*> slow;
    for (HttpConnection* connection : state_.connections)
      if (connection->unsent_bytes() > 0) slow.push_back(connection);
    if (slow.empty()) return;
    std::sort(slow.begin(), slow.end(), [](const HttpConnection* a, const HttpConnection* b) {
      if (a->stalls_at() != b->stalls_at()) return a->stalls_at() < b->stalls_at();
      return a->unsent_bytes() > b->unsent_bytes();
    });
    const SteadyTime stalls_at = slow.front()->stalls_at();
    stalls_at_.store(stalls_at, std::memory_order_relaxed);
    if (state_.unsent_bytes <= bytes_max || stalls_at > first_stall_()) return;
    for (HttpConnection* connection : slow) {
      if (state_.unsent_bytes <= bytes_max - bytes_max / 8) break;
      connection->close();
      ++disconnected_;
    }
    if (state_.now < warning_due_) return;
    warning_due_ = state_.now + warn_every;
    log::warn("answers hold too much memory; the slowest clients are disconnected",
              log::field("disconnected", disconnected_), log::field("limit", bytes_max));
  }

  Loop& loop_;
  Clock& clock_;
  const std::function<std::uint32_t()> connections_;
  const std::function<SteadyTime()> first_stall_;  // of all shards
  HttpShardState state_;
  Gate gate_;
  Clock::TimerId timer_ = 0;
  Clock::TimerId probe_timer_ = 0;
  std::chrono::sys_seconds date_second_{};
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint32_t> rejecting_{0};
  std::atomic<SteadyTime> stalls_at_{SteadyTime::max()};
  std::uint64_t disconnected_ = 0;  // because of the memory
  SteadyTime warning_due_{};
};

Error listen_error(const error_code& error, const std::string& host, std::uint16_t port) {
  const std::string address = host + ":" + std::to_string(port);
  if (error == asio::error::address_in_use) {
    return Error{Errc::in_use, "the address " + address + " is in use by another program"};
  }
  return Error{Errc::invalid, "cannot listen on " + address + ": " + error.message()};
}

Result<tcp::endpoint> resolve(Loop& loop, std::string host, std::uint16_t port) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, port);
  tcp::resolver resolver(loop);
  const auto found = resolver.resolve(host, std::to_string(port), error);
  if (error || found.empty()) return Error{Errc::invalid, "no such host to listen on: " + host};
  return found.begin()->endpoint();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpLimits limits, const std::vector<ShardBinding>& bindings, Loop& acceptor_loop,
       RequestLog* log)
      : limits_(limits), loop_(acceptor_loop), acceptor_(acceptor_loop) {
    check(!bindings.empty(), "HttpServer: no shard");
    for (const ShardBinding& binding : bindings) {
      if (binding.loop == &acceptor_loop) clock_ = binding.clock;
      shards_.push_back(std::make_unique<HttpShard>(
          limits_, binding, [this] { return connections(); }, unsent_bytes_,
          [this] { return first_stall(); }, log));
    }
    check(clock_ != nullptr, "HttpServer: the acceptor's loop is not a shard's loop");
  }

  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port) {
    OEE_TRY_ASSIGN(const tcp::endpoint endpoint, resolve(loop_, host, port));
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    // Without this option a restart within a minute fails, because its own old connections still
    // hold the port. A second listener is still refused: that would need SO_REUSEPORT.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return acceptor_.local_endpoint(error).port();
    error_code ignored;
    acceptor_.close(ignored);
    return listen_error(error, host, port);
  }

  void start() {
    for (auto& shard : shards_) post(shard->loop(), [&shard] { shard->start(); });
    post(loop_, [this] { spawn(gate_, "http acceptor", accept_all()); });
  }

  void set_tls(std::shared_ptr<TlsContext> context) {
    post(loop_, [this, context = std::move(context)] { tls_ = context; });
  }

  void drain() {
    post(loop_, [this] { close_acceptor(); });
    for (auto& shard : shards_) post(shard->loop(), [&shard] { shard->drain(); });
  }

  void stop(std::function<void()> done) {
    post(loop_, [this, done = std::move(done)]() mutable {
      if (stopped_) return done();
      when_stopped_.push_back(std::move(done));
      if (when_stopped_.size() > 1) return;  // stop_all() already runs
      spawn(stop_gate_, "http stop", stop_all());
    });
  }

  std::uint32_t connections() const {
    std::uint32_t sum = 0;
    for (const auto& shard : shards_) sum += shard->open();
    return sum;
  }

 private:
  SteadyTime first_stall() const {
    SteadyTime first = SteadyTime::max();
    for (const auto& shard : shards_) first = std::min(first, shard->stalls_at());
    return first;
  }

  void close_acceptor() {
    closing_ = true;
    error_code ignored;
    acceptor_.close(ignored);
  }

  Task<void> accept_all() {
    for (std::size_t next = 0; !closing_; next = (next + 1) % shards_.size()) {
      HttpShard& shard = *shards_[next];
      tcp::endpoint peer;
      auto accepted = co_await acceptor_.async_accept(shard.loop(), peer, use_task);
      if (accepted.ec) {
        co_await pause_after(accepted.ec);
      } else {
        deal(shard, std::move(accepted.value), peer.address());
      }
    }
  }

  void deal(HttpShard& shard, Socket::Tcp tcp, const Socket::Address& peer) {
    std::optional<HttpRefusal> refusal = refusal_for(peer);
    if (refusal && shard.rejecting() >= rejecting_max) return;
    ++(refusal ? shard.rejecting() : shard.open());
    std::function<void()> ended = refusal ? nullptr : count(peer);
    auto job = [&shard, peer, refusal = std::move(refusal), ended = std::move(ended),
                tcp = std::move(tcp), tls = tls_]() mutable {
      Socket socket = tls ? Socket(std::move(tcp), peer, *tls) : Socket(std::move(tcp), peer);
      if (refusal) {
        shard.reject(std::move(socket), *std::move(refusal));
      } else {
        shard.serve(std::move(socket), std::move(ended));
      }
    };
    post(shard.loop(), std::move(job));
  }

  std::optional<HttpRefusal> refusal_for(const Socket::Address& peer) const {
    if (connections() >= limits_.connections_max)
      return HttpRefusal{503, "connections_full",
                         "The server has reached its limit of connections."};
    const auto found = by_address_.find(network_of(peer));
    if (found != by_address_.end() && found->second >= limits_.connections_per_address_max)
      return HttpRefusal{503, "address_connections_full",
                         "Your address has reached its limit of connections."};
    return std::nullopt;
  }

  // Counts a connection of this address. The returned function subtracts it again and may be called
  // on any thread; the loop runs until every connection has ended. Empty: there is no such limit.
  std::function<void()> count(const Socket::Address& peer) {
    if (limits_.connections_per_address_max == 0) return nullptr;
    const Socket::Address network = network_of(peer);
    ++by_address_[network];
    return [this, network] {
      post(loop_, [this, network] {
        const auto found = by_address_.find(network);
        if (--found->second == 0) by_address_.erase(found);
      });
    };
  }

  // After EMFILE, ENFILE, or a lack of buffers or memory. Only waiting helps; an immediate retry
  // would only use the processor.
  Task<void> pause_after(error_code error) {
    if (closing_ || error == asio::error::connection_aborted) co_return;
    const SteadyTime now = clock_->steady_now();
    if (!warned_at_ || now - *warned_at_ > std::chrono::seconds(10)) {
      warned_at_ = now;
      log::warn("cannot accept connections for now", log::field("why", error.message()),
                log::field("open", connections()));
    }
    co_await sleep_for(*clock_, accept_pause);
  }

  // Closes the connections of every shard on its loop, then waits for all of them.
  Task<void> stop_all() {
    close_acceptor();
    co_await gate_.close();
    for (auto& shard : shards_) {
      co_await reschedule(shard->loop());
      shard->close();
    }
    for (auto& shard : shards_) {
      co_await reschedule(shard->loop());
      co_await shard->ended();
    }
    co_await reschedule(loop_);
    stopped_ = true;
    for (auto& done : when_stopped_) done();
  }

  const HttpLimits limits_;
  Loop& loop_;
  Clock* clock_ = nullptr;
  Acceptor acceptor_;
  std::shared_ptr<TlsContext> tls_;                      // null: plain
  std::map<Socket::Address, std::uint32_t> by_address_;  // by network; only when there is a limit
  std::atomic<std::uint64_t> unsent_bytes_{0};
  std::vector<std::unique_ptr<HttpShard>> shards_;
  Gate gate_;
  Gate stop_gate_;
  bool closing_ = false;
  bool stopped_ = false;
  std::optional<SteadyTime> warned_at_;
  std::vector<std::function<void()>> when_stopped_;
};

HttpServer::HttpServer(HttpLimits limits, std::vector<ShardBinding> shards, Loop& acceptor_loop,
                       RequestLog* log)
    : impl_(std::make_unique<Impl>(limits, shards, acceptor_loop, log)) {}
HttpServer::~HttpServer() = default;
Result<std::uint16_t> HttpServer::listen(const std::string& host, std::uint16_t port) {
  return impl_->listen(host, port);
}
void HttpServer::start() {
  impl_->start();
}
void HttpServer::set_tls(std::shared_ptr<TlsContext> context) {
  impl_->set_tls(std::move(context));
}
void HttpServer::drain() {
  impl_->drain();
}
void HttpServer::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}
std::uint32_t HttpServer::connections() const {
  return impl_->connections();
}

}  // namespace oee
