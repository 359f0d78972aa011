// HintFile: the open-order hint in a file of its own beside the log (DIR/log/OPEN_ORDERS). It is
// written under another name, synced and renamed: after a crash the file holds the old hint or the
// new one. A file that is missing, damaged, ahead of the log or of another log is no hint, and no
// error: the start then reads more of the log. eventlog/README.md documents the bytes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "core/runtime/worker.h"
#include "core/seams/event_log.h"
#include "eventlog/rocks/files.h"

namespace oee {

class HintFile {
 public:
  // The chain hash of a record that is durable. Any thread.
  using ChainAt = std::function<Result<Hash256>(Seq seq)>;
  HintFile(LogFiles files, std::filesystem::path file, ChainAt chain_at);

  // Blocking. nullopt: there is no hint for a log with this durable head.
  std::optional<OpenOrderHint> load(Seq head) const;
  // Any thread; never blocks on the disk. A thread of its own replaces the file. Ignored while two
  // other hints wait for the disk, and after stop(). REQUIRES: hint.seq is durable.
  void store(OpenOrderHint hint);
  // Writes what waits. Idempotent.
  void stop() { worker_.stop(); }

 private:
  Result<void> write(const OpenOrderHint& hint) const;
  Result<OpenOrderHint> read(Seq head) const;

  const LogFiles files_;
  const std::filesystem::path file_;
  const ChainAt chain_at_;
  Worker worker_{"log-hint", 2};
};

// A hint as an older program stored it in the log, in the column family `hints`: seq u64 | order
// ids [16] ... nullopt: it is damaged or ahead of the log.
std::optional<OpenOrderHint> parse_hint(std::string_view bytes, Seq head);

inline constexpr const char* hint_name = "OPEN_ORDERS";

}  // namespace oee
