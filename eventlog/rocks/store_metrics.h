// What RocksDB says of itself, for /metrics. A value of one moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace oee {

struct RocksFamilyFigures {
  std::string name;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t sst_bytes = 0;
  std::uint64_t compaction_pending_bytes = 0;  // RocksDB's estimate
};

struct RocksFigures {
  std::vector<RocksFamilyFigures> families;
  std::uint64_t wal_bytes = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t running_flushes = 0;
  // Since the opening.
  std::uint64_t block_cache_hits = 0;
  std::uint64_t block_cache_misses = 0;
  std::uint64_t write_stall_us = 0;
};

}  // namespace oee
