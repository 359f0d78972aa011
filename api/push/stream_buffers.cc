#include "api/push/stream_buffers.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace oee {
namespace {

constexpr Micros sweep_every{250'000};  // the resolution of stall_max
constexpr std::uint64_t check_bytes_max = 64 * 1024;

}  // namespace

std::uint64_t StreamBudget::bytes() const {
  std::uint64_t sum = 0;
  for (const StreamBuffers* shard : shards_) sum += shard->metrics_.bytes.get();
  return sum;
}

StreamBuffers::StreamBuffers(Loop& loop, Clock& clock, StreamBudget* budget, Micros stall_max)
    : loop_(loop),
      clock_(clock),
      budget_(budget),
      stall_max_(stall_max),
      check_step_(budget ? std::min(check_bytes_max, budget->bytes_max() / 64) : check_bytes_max),
      check_at_(check_step_) {
  if (budget_ != nullptr) budget_->shards_.push_back(this);
}

StreamBuffers::~StreamBuffers() {
  check(streams_.empty(), "StreamBuffers destroyed before its streams");
  if (budget_ != nullptr) std::erase(budget_->shards_, this);
}

void StreamBuffers::add(BufferedStream& stream) {
  stream.index_ = streams_.size();
  streams_.push_back(&stream);
  if (timer_ == 0) sweep();
}

void StreamBuffers::remove(BufferedStream& stream) {
  stream.hold(0);
  streams_.back()->index_ = stream.index_;
  streams_[stream.index_] = streams_.back();
  streams_.pop_back();
  if (streams_.empty()) clock_.cancel(std::exchange(timer_, 0));
}

void StreamBuffers::sweep() {
  now_ = clock_.steady_now();
  for (BufferedStream* stream : streams_) {
    if (!stream->writing_ || stream->cut_) continue;
    if (stream->socket().output_moved()) stream->progress_at_ = now_;
    if (now_ - stream->progress_at_ < stall_max_) continue;
    metrics_.stalled.add();
    stream->disconnect();
  }
  slowest_since_.store(slowest_since(), std::memory_order_relaxed);
  timer_ = clock_.call_at(now_ + sweep_every, [this] { sweep(); });
}

SteadyTime StreamBuffers::slowest_since() const {
  SteadyTime oldest = SteadyTime::max();
  for (const BufferedStream* stream : streams_)
    if (stream->held_ > 0) oldest = std::min(oldest, stream->progress_at());
  return oldest;
}

void StreamBuffers::took(std::size_t before, std::size_t after) {
  metrics_.bytes.add(after - before);  // a negative difference wraps round, and back
  const std::uint64_t bytes = metrics_.bytes.get();
  if (after > before && bytes >= check_at_) return check_budget();
  check_at_ = std::min(check_at_, bytes + check_step_);
}

void StreamBuffers::check_budget() {
  check_at_ = metrics_.bytes.get() + check_step_;
  if (budget_ == nullptr || budget_->bytes() <= budget_->bytes_max()) return;
  slowest_since_.store(slowest_since(), std::memory_order_relaxed);
  const auto slower = [](const StreamBuffers* a, const StreamBuffers* b) {
    return a->slowest_since_.load(std::memory_order_relaxed) <
           b->slowest_since_.load(std::memory_order_relaxed);
  };
  StreamBuffers* slowest =
      *std::min_element(budget_->shards_.begin(), budget_->shards_.end(), slower);
  if (slowest == this) return shed();
  if (slowest->shed_posted_.exchange(true)) return;
  post(slowest->loop_, [slowest] {
    slowest->shed_posted_ = false;
    slowest->shed();
  });
}

void StreamBuffers::shed() {
  std::vector<BufferedStream*> slowest;
  for (BufferedStream* stream : streams_)
    if (stream->held_ > 0) slowest.push_back(stream);
  std::sort(slowest.begin(), slowest.end(), [](const BufferedStream* a, const BufferedStream* b) {
    if (a->progress_at() != b->progress_at()) return a->progress_at() < b->progress_at();
    return a->held_ > b->held_;
  });
  // A stream that is closed keeps the write in flight for its grace. When that is too much, the
  // next call disconnects it.
  const std::uint64_t target = budget_->bytes_max() - budget_->bytes_max() / 8;
  std::uint64_t bytes = budget_->bytes();
  for (BufferedStream* stream : slowest) {
    if (bytes <= target) break;
    bytes -= std::min<std::uint64_t>(bytes, stream->held_);
    if (stream->close_slow()) {
      metrics_.over_budget.add();
    } else {
      stream->disconnect();
    }
  }
  slowest_since_.store(slowest_since(), std::memory_order_relaxed);
  check_at_ = metrics_.bytes.get() + check_step_;
}

void BufferedStream::hold(std::size_t bytes) {
  if (cut_ || bytes == held_) return;
  const std::size_t before = std::exchange(held_, bytes);
  buffers_.took(before, bytes);
}

void BufferedStream::write_begins() {
  writing_ = true;
  progress_at_ = buffers_.now_;
}

void BufferedStream::disconnect() {
  hold(0);
  cut_ = true;
  cut();
}

}  // namespace oee
