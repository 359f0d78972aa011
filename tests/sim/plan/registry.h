// The token registries of the simulation: the default tokens, and one without pools at first, which
// is the last. In some runs one venue's pools are of another kind, by the seed.
#pragma once

#include "tests/sim/plan/plan.h"
#include "tests/support/registries.h"

namespace oee::sim {

// As clients and engines have it: the kinds of pools are the venues' own affair.
inline const TokenRegistry& sim_tokens() {
  static const TokenRegistry registry = test::registry_of(PoolKind::constant_product);
  return registry;
}
// The token whose pools are opened during the run.
inline const TokenInfo& unlisted_token() {
  return sim_tokens().tokens().back();
}
inline std::size_t listed_tokens() {
  return sim_tokens().tokens().size() - 1;
}

inline TokenRegistry venue_registry(const Plan& plan) {
  // Pools of other kinds compute more: three of sixteen runs have one each.
  const std::uint64_t turn = plan.seed % 16;
  const auto kind =
      turn < pool_kind_names.size() ? static_cast<PoolKind>(turn) : PoolKind::constant_product;
  return test::registry_of(PoolKind::constant_product, kind);
}

}  // namespace oee::sim
