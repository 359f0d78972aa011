#include "projections/copy_sender.h"

#include <pqxx/nontransaction>

#include "core/runtime/worker.h"

namespace oee {
namespace {

// Enough to keep PostgreSQL busy while the log is read; more would only cost memory.
constexpr std::size_t queued_bytes_max = 32 << 20;

void set_up(PostgresConnection& connection) {
  pqxx::nontransaction tx(connection);
  tx.exec("SET synchronous_commit = off");
}

}  // namespace

CopySender::CopySender(const PostgresOptions& options)
    : session_(options, "rebuild-projections copy", set_up) {
  thread_ = std::thread([this] { run_thread(); });
}

CopySender::~CopySender() {
  stop();
}

void CopySender::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void CopySender::send(std::string table, std::string columns, std::string text) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queued_bytes_ < queued_bytes_max || !outcome_; });
  if (!outcome_) return;
  queued_bytes_ += text.size();
  queue_.push_back({std::move(table), std::move(columns), std::move(text)});
  changed_.notify_all();
}

bool CopySender::failed() const {
  const std::lock_guard lock(mutex_);
  return !outcome_.ok();
}

Result<void> CopySender::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (queue_.empty() && !busy_) || !outcome_; });
  return outcome_;
}

void CopySender::run_thread() {
  name_this_thread("pg-copy");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    auto copied = session_.run([&chunk](PostgresConnection& connection) -> Result<void> {
      pqxx::nontransaction tx(connection);
      connection.copy_in(tx, chunk.table, chunk.columns, chunk.text);
      return {};
    });
    lock.lock();
    busy_ = false;
    queued_bytes_ -= chunk.text.size();
    if (!copied) {
      outcome_ = std::move(copied);
      queue_.clear();
    }
    changed_.notify_all();
    if (!outcome_) return;
  }
}

}  // namespace oee
