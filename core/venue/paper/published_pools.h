// PublishedPools: the pools of the simulated exchange for the graph of one loop, in the states of
// the last commit. Made by Exchange::pools(); only exchange.cc includes this. The loop's thread.
#pragma once

#include <memory>
#include <vector>

#include "core/venue/paper/exchange_worker.h"
#include "core/venue/routes/pool_source.h"

namespace oee::paper {

class PublishedPools final : public PoolSource {
 public:
  // REQUIRES: the worker outlives it.
  explicit PublishedPools(const ExchangeWorker& worker) : worker_(worker) {}
  void refresh(PoolGraph& graph) override;

 private:
  const ExchangeWorker& worker_;
  std::uint32_t market_version_ = 0;  // of market_
  std::shared_ptr<const Market> market_;
  std::vector<std::uint32_t> versions_;  // index: PoolId; of the state in the graph, 0: none
  bool reported_ = false;                // that a pool was left out
};

}  // namespace oee::paper
