#include "core/venue/paper/published_pools.h"

#include <utility>

#include "core/base/log.h"

namespace oee::paper {

void PublishedPools::refresh(PoolGraph& graph) {
  const std::uint32_t version = worker_.market_version();
  if (std::exchange(market_version_, version) != version) market_ = worker_.market();
  for (std::size_t venue = 0; venue < worker_.venues().size(); ++venue) {
    for (const Market::Pool& pool : market_->pools(venue)) {
      if (versions_.size() <= pool.id) versions_.resize(pool.id + std::size_t{1});
      const PublishedPool now = worker_.reserves().read(pool.id);
      if (std::exchange(versions_[pool.id], now.version) == now.version) continue;
      const VenueName& name = worker_.venues()[venue].name;
      OpenPool open;
      open.name = pool_name(name, pool.id);
      open.venue = name;
      open.token_a = pool.a.symbol;
      open.token_b = pool.b.symbol;
      if (now.shape) {
        open.state = at_height(*now.shape, now.height);
      } else {
        open.state =
            ConstantProductPool{now.reserves.a, now.reserves.b, market_->fee_per_million(pool.id)};
      }
      // A pool that the graph does not take is in no path: its venue quotes it all the same.
      const auto put = graph.put(open);
      if (!put && !std::exchange(reported_, true))
        log::warn("pools are left out of paths", log::field("pool", open.name.view()),
                  log::field("reason", put.error().detail));
    }
  }
}

}  // namespace oee::paper
