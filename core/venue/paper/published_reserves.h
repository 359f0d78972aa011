// PublishedReserves: the reserves, the shape and the reference of every pool as of the last commit.
// Written by the exchange, read by any thread, of constant-product pools without a lock. The values
// of a pool are always read as one publication.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "core/venue/paper/arbitrage.h"
#include "core/venue/paper/ledger/journal_entry.h"

namespace oee::paper {

struct PublishedPool {
  PoolReserves reserves;
  EqualWorth reference;       // of the pool's last ReferenceSet
  PoolShape shape;            // null: constant product
  std::uint64_t height = 0;   // when the pool got these values
  std::uint32_t version = 0;  // another one for each publication; never 0
};

class PublishedReserves {
 public:
  explicit PublishedReserves(std::size_t pools)
      : cells_(std::make_unique<Cell[]>(pools)), shapes_(pools) {}

  // One thread at a time. REQUIRES: pool < pools; a pool has a shape always or never.
  void publish(PoolId pool, PoolReserves reserves, std::uint64_t height, EqualWorth reference = {},
               PoolShape shape = {}) {
    Cell& cell = cells_[pool];
    if (!shape) return publish_numbers(cell, reserves, height, reference);
    const std::lock_guard lock(shapes_lock_);
    cell.has_shape.store(true, std::memory_order_relaxed);
    shapes_[pool] = std::move(shape);
    publish_numbers(cell, reserves, height, reference);
  }

  // Any thread. REQUIRES: the pool was published.
  PublishedPool read(PoolId pool) const {
    const Cell& cell = cells_[pool];
    if (!cell.has_shape.load(std::memory_order_relaxed)) return read_numbers(cell);
    const std::lock_guard lock(shapes_lock_);
    PublishedPool published = read_numbers(cell);
    published.shape = shapes_[pool];
    return published;
  }

 private:
  // One cache line each, so that a busy pool does not slow the readers of other pools.
  struct alignas(64) Cell {
    std::atomic<std::uint32_t> version{0};
    std::atomic<bool> has_shape{false};
    std::atomic<Units> a{0};
    std::atomic<Units> b{0};
    std::atomic<Units> reference_a{0};
    std::atomic<Units> reference_b{0};
    std::atomic<std::uint64_t> height{0};
  };

  static void publish_numbers(Cell& cell, PoolReserves reserves, std::uint64_t height,
                              EqualWorth reference) {
    const std::uint32_t version = cell.version.load(std::memory_order_relaxed);
    // Odd while the values are being written. The release stores below order this store first for
    // every reader that sees a new reserve.
    cell.version.store(version + 1, std::memory_order_relaxed);
    cell.a.store(reserves.a, std::memory_order_release);
    cell.b.store(reserves.b, std::memory_order_release);
    cell.reference_a.store(reference.a, std::memory_order_release);
    cell.reference_b.store(reference.b, std::memory_order_release);
    cell.height.store(height, std::memory_order_release);
    cell.version.store(version + 2, std::memory_order_release);
  }

  static PublishedPool read_numbers(const Cell& cell) {
    while (true) {
      const std::uint32_t before = cell.version.load(std::memory_order_acquire);
      PublishedPool published;
      published.reserves.a = cell.a.load(std::memory_order_acquire);
      published.reserves.b = cell.b.load(std::memory_order_acquire);
      published.reference.a = cell.reference_a.load(std::memory_order_acquire);
      published.reference.b = cell.reference_b.load(std::memory_order_acquire);
      published.height = cell.height.load(std::memory_order_acquire);
      published.version = before;
      const std::uint32_t after = cell.version.load(std::memory_order_relaxed);
      if (before == after && before % 2 == 0) return published;
    }
  }

  std::unique_ptr<Cell[]> cells_;
  // A shape is a shared pointer, which no atomic of one word holds.
  mutable std::mutex shapes_lock_;
  std::vector<PoolShape> shapes_;  // null: constant product
};

}  // namespace oee::paper
