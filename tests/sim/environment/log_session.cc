#include "tests/sim/environment/log_session.h"

namespace oee::sim {
namespace {

Error closed() {
  return Error{Errc::closed, "the engine has ended"};
}

void refuse(BlockSink& shard, void* ticket) {
  std::vector<Answer> answers;
  answers.push_back({ticket, closed()});
  shard.deliver(nullptr, std::move(answers));
}

}  // namespace

void LogSession::Relay::deliver(BlockPtr block, std::vector<Answer> answers) {
  if (session_.cut_) return;
  for (const Answer& answer : answers) waiting.erase(answer.ticket);
  if (session_.mutants_.answers) session_.mutants_.answers(answers);
  shard_.deliver(std::move(block), std::move(answers));
}

LogSession::Relay& LogSession::relay_of(BlockSink& shard) {
  for (Relay& relay : relays_)
    if (&relay.shard() == &shard) return relay;
  check(false, "LogSession: an append of a sink that was not started");
  return relays_.front();
}

void LogSession::start(std::span<BlockSink* const> shards) {
  std::vector<BlockSink*> sinks;
  for (BlockSink* shard : shards) sinks.push_back(&relays_.emplace_back(*this, *shard));
  log_.start(sinks);
}

void LogSession::cut() {
  cut_ = true;
  for (Relay& relay : relays_)
    for (void* ticket : std::exchange(relay.waiting, {})) refuse(relay.shard(), ticket);
}

void LogSession::append(AppendRequest request, BlockSink& origin, void* ticket) {
  if (cut_) return refuse(origin, ticket);
  Relay& relay = relay_of(origin);
  relay.waiting.insert(ticket);
  log_.append(std::move(request), relay, ticket);
}

Result<BlockPtr> LogSession::read(Seq from, std::size_t limit) {
  if (cut_) return closed();
  return log_.read(from, limit);
}

Result<std::vector<Record>> LogSession::read_order(const OrderId& id) {
  if (cut_) return closed();
  return log_.read_order(id);
}

Seq LogSession::wait_past(Seq seq, std::chrono::milliseconds wait) {
  return log_.wait_past(seq, wait);
}

void LogSession::store_hint(OpenOrderHint hint) {
  if (!cut_) log_.store_hint(std::move(hint));
}

}  // namespace oee::sim
