#include "api/push/sse_session.h"

#include <boost/asio/write.hpp>
#include <deque>
#include <unordered_set>

#include "api/push/close_codes.h"
#include "api/push/sse_events.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/gate.h"
#include "core/runtime/sleep.h"
#include "core/runtime/spawn.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {

namespace {

namespace asio = boost::asio;

constexpr std::size_t buffer_bytes_kept = 4 * 1024;  // between writes
constexpr std::size_t read_bytes = 512;              // at once; a client has nothing to send
// The longest wait for room in the queue. The alarm normally ends it much earlier.
constexpr Micros room_wait_max{60'000'000};

class Session;

// The state that the streams of one shard share.
struct Shared {
  Loop& loop;
  Clock& clock;
  StreamHub& hub;
  StreamBuffers& buffers;
  const SseLimits limits;
  const Access& access;
  Gate gate;
  std::unordered_set<Session*> sessions;
};

// A message that waits to be sent: an update, or the text of an event.
struct Outgoing {
  std::string text;
  UpdatePtr update;
  SubscriptionOffset offset;
  Seq seq = 0;  // of the update; 0: not an update

  std::size_t bytes() const { return sizeof(Outgoing) + text.size(); }
};

class Session final : public HttpStream, private StreamReader, private BufferedStream {
 public:
  Session(Shared& shared, SseRequest request)
      : BufferedStream(shared.buffers),
        shared_(shared),
        topic_(request.topic),
        principal_(std::move(request.principal)),
        epoch_(shared.hub.epoch().value_or(LogEpoch{})),
        cursor_(shared.hub, *this, request.topic, request.after, std::move(request.filter),
                principal_->client()),
        room_(shared.clock) {}

  Task<void> run(Socket socket, bool chunked) override;
  void stop() {
    close(sse_close::stopping, "the server is stopping", resume_after(), shared_.limits.stop_grace);
  }
  void close_when_revoked() {
    if (shared_.access.still_allows(*principal_, AccessRole::read_own, socket_->peer(),
                                    shared_.clock.now()))
      return;
    close(sse_close::unauthorized, "the token is no longer valid", resume_after(),
          shared_.limits.stop_grace);
  }

 private:
  void on_update(const UpdatePtr& update, const SubscriptionOffset& offset) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;
  Task<bool> room() override;

  Socket& socket() override { return *socket_; }
  bool close_slow() override;
  void cut() override { disconnect(); }

  bool has_room() const {
    return closing_ || (queue_.size() <= queue_max() / 2 &&
                        queue_bytes_ <= shared_.hub.options().subscriber_history_bytes_max);
  }
  std::size_t queue_max() const { return shared_.hub.options().subscriber_updates_max; }
  Seq resume_after() const;
  void send(Outgoing message);
  void drop_queue();
  void hold_all() { hold(queue_bytes_ + out_.size()); }
  void send_event(std::string_view name, std::string_view data);
  void close(std::string_view code, std::string_view why, Seq resume_after, Micros grace);
  void disconnect();
  void expect_keep_alive();

  Task<void> catch_up();
  Task<void> read_to_end();
  void start_pump();
  Task<void> pump();
  void take_next();

  Shared& shared_;
  const WsTopic topic_;
  const PrincipalPtr principal_;
  const LogEpoch epoch_;  // of every id: a stream ends with its epoch
  StreamCursor cursor_;
  std::optional<Socket> socket_;
  Gate gate_;
  bool chunked_ = false;
  std::deque<Outgoing> queue_;
  std::size_t queue_bytes_ = 0;
  std::string out_;  // the bytes being written
  Alarm room_;
  bool begun_ = false;  // the cursor has a position
  bool pumping_ = false;
  bool keep_alive_due_ = false;
  bool closing_ = false;
  std::string close_event_;  // of a closing stream; emptied when it is sent
  Clock::TimerId kill_timer_ = 0;
  Clock::TimerId keep_alive_timer_ = 0;
};

Task<void> Session::run(Socket socket, bool chunked) {
  if (!shared_.gate.enter()) co_return;
  socket_.emplace(std::move(socket));
  chunked_ = chunked;
  shared_.sessions.insert(this);
  close_when_revoked();  // the token was checked before the order was looked up
  expect_keep_alive();
  spawn(gate_, "sse catch up", catch_up());
  co_await read_to_end();
  cursor_.end();
  closing_ = true;
  drop_queue();
  room_.ring();
  shared_.clock.cancel(kill_timer_);
  shared_.clock.cancel(keep_alive_timer_);
  disconnect();
  co_await gate_.close();
  shared_.sessions.erase(this);
  shared_.gate.leave();
}

// Reads until the client disconnects or is disconnected, and drops what it sends.
Task<void> Session::read_to_end() {
  char dropped[read_bytes];
  for (;;) {
    const auto read =
        co_await socket_->async_read_some(asio::buffer(dropped, sizeof dropped), use_task);
    if (read.ec) co_return;
  }
}

void Session::disconnect() {
  boost::system::error_code ignored;
  socket_->close(ignored);  // NOLINT: operations in flight end with operation_aborted
}

// --- From the stream to the queue ----------------------------------------------------------------

Task<void> Session::catch_up() {
  begun_ = co_await cursor_.begin();
  if (!begun_) {
    close(sse_close::stopping, "the server is stopping", cursor_.position(),
          shared_.limits.stop_grace);
    co_return;
  }
  if (closing_) co_return;
  send_event("subscribed",
             subscribed_frame(topic_, cursor_.position(), false, shared_.hub.epoch()));
  const bool live = co_await cursor_.catch_up();
  if (live && !closing_)
    send_event("caughtUp", caught_up_frame(topic_, cursor_.position(), shared_.hub.epoch()));
}

void Session::on_update(const UpdatePtr& update, const SubscriptionOffset& offset) {
  Outgoing message;
  message.seq = update->seq;
  if (cursor_.shares_updates()) {
    message.update = update;
    message.offset = offset;
  } else {
    append_sse_update(message.text, *update, offset, epoch_);
  }
  send(std::move(message));
}

void Session::on_stream_lost(Seq resume_after_seq, std::string_view why) {
  const bool stopping = shared_.gate.closed();
  close(stopping ? sse_close::stopping : sse_close::unavailable, why,
        std::min(resume_after_seq, resume_after()), shared_.limits.close_grace);
}

Task<bool> Session::room() {
  while (!has_room()) co_await room_.wait(shared_.clock.steady_now() + room_wait_max);
  co_return !closing_;
}

// The first update that is not sent has a seq above this one.
Seq Session::resume_after() const {
  for (const Outgoing& message : queue_)
    if (message.seq != 0) return message.seq - 1;
  return cursor_.position();
}

// --- From the queue to the socket ----------------------------------------------------------------

void Session::send_event(std::string_view name, std::string_view data) {
  Outgoing message;
  append_sse_event(message.text, name, {cursor_.position(), epoch_}, data);
  send(std::move(message));
}

void Session::send(Outgoing message) {
  if (closing_) return;
  if (queue_.size() >= queue_max()) {
    close(sse_close::slow_reader, "the client does not read fast enough", resume_after(),
          shared_.limits.close_grace);
    return;
  }
  queue_bytes_ += message.bytes();
  queue_.push_back(std::move(message));
  hold_all();
  start_pump();
}

void Session::drop_queue() {
  queue_.clear();
  queue_bytes_ = 0;
  hold_all();
}

bool Session::close_slow() {
  if (closing_) return false;
  close(sse_close::slow_reader, "the server needs the memory that waits for the client",
        resume_after(), shared_.limits.close_grace);
  return true;
}

void Session::close(std::string_view code, std::string_view why, Seq resume_after_seq,
                    Micros grace) {
  if (closing_) return;
  closing_ = true;
  drop_queue();
  append_sse_close(close_event_, code, why, {resume_after_seq, epoch_}, shared_.limits.retry);
  kill_timer_ = shared_.clock.call_at(shared_.clock.steady_now() + grace, [this] { disconnect(); });
  start_pump();
}

// A stream with other traffic needs no keep-alive comment.
void Session::expect_keep_alive() {
  keep_alive_timer_ =
      shared_.clock.call_at(shared_.clock.steady_now() + shared_.limits.keep_alive_every, [this] {
        keep_alive_due_ = !pumping_;
        if (keep_alive_due_) start_pump();
        expect_keep_alive();
      });
}

void Session::start_pump() {
  if (pumping_) return;
  pumping_ = spawn(gate_, "sse pump", pump());
}

// Runs while messages are queued. It begins as a job of its own, so that messages which the present
// job still sends join the first write, and no subscriber's call performs a write.
Task<void> Session::pump() {
  co_await reschedule(shared_.loop);
  bool ended = false;
  while (!ended) {
    ended = !close_event_.empty();
    take_next();
    hold_all();
    if (out_.empty()) break;
    write_begins();
    auto written = co_await asio::async_write(*socket_, asio::buffer(out_), use_task);
    write_ends();
    if (written.ec) {
      disconnect();
      break;
    }
    if (!closing_ && has_room()) room_.ring();
  }
  if (closing_) room_.ring();
  if (ended) {
    // The client then closes the connection, or the kill timer does.
    boost::system::error_code ignored;
    socket_->shutdown(Socket::shutdown_send, ignored);
  }
  out_.clear();
  if (out_.capacity() > buffer_bytes_kept) std::string().swap(out_);
  hold_all();
  pumping_ = false;
}

void Session::take_next() {
  out_.clear();
  const std::size_t begin = chunked_ ? begin_chunk(out_) : 0;
  for (; !queue_.empty() && out_.size() < shared_.limits.write_bytes_max; queue_.pop_front()) {
    const Outgoing& message = queue_.front();
    queue_bytes_ -= message.bytes();
    if (message.update) {
      append_sse_update(out_, *message.update, message.offset, epoch_);
    } else {
      out_ += message.text;
    }
  }
  if (std::exchange(keep_alive_due_, false) && queue_.empty() && !closing_)
    append_sse_keep_alive(out_,
                          begun_ ? std::optional(SseId{cursor_.position(), epoch_}) : std::nullopt);
  const bool last = !close_event_.empty();
  out_ += std::exchange(close_event_, {});
  if (!chunked_) return;
  end_chunk(out_, begin);
  if (last) out_ += last_chunk;
}

}  // namespace

// --- All streams of the shard --------------------------------------------------------------------

class SseSessions::Impl {
 public:
  Impl(Loop& loop, Clock& clock, StreamHub& hub, StreamBuffers& buffers, SseLimits limits,
       const Access& access)
      : shared_{loop, clock, hub, buffers, limits, access, {}, {}} {}

  std::unique_ptr<HttpStream> open(SseRequest request) {
    return std::make_unique<Session>(shared_, std::move(request));
  }
  void close_revoked() {
    for (Session* session : shared_.sessions) session->close_when_revoked();
  }
  Task<void> stop() {
    for (Session* session : shared_.sessions) session->stop();
    if (!shared_.gate.closed()) co_await shared_.gate.close();
  }
  bool stopping() const { return shared_.gate.closed(); }
  std::size_t count() const { return shared_.sessions.size(); }
  StreamHub& hub() { return shared_.hub; }

 private:
  Shared shared_;
};

SseSessions::SseSessions(Loop& loop, Clock& clock, StreamHub& hub, StreamBuffers& buffers,
                         SseLimits limits, const Access& access)
    : impl_(std::make_unique<Impl>(loop, clock, hub, buffers, limits, access)) {}
SseSessions::~SseSessions() = default;
std::unique_ptr<HttpStream> SseSessions::open(SseRequest request) {
  return impl_->open(std::move(request));
}
void SseSessions::close_revoked() {
  impl_->close_revoked();
}
Task<void> SseSessions::stop() {
  return impl_->stop();
}
bool SseSessions::stopping() const {
  return impl_->stopping();
}
std::size_t SseSessions::count() const {
  return impl_->count();
}
StreamHub& SseSessions::hub() {
  return impl_->hub();
}

}  // namespace oee
