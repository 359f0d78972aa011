// The kinds of pools (core/venue/pools): as the registry, the ledger and the API name them. Values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace oee {

// Stored by the simulated exchange's ledger: append only.
enum class PoolKind : std::uint8_t { constant_product, stable_swap, bins, ticks };

inline constexpr std::array<std::string_view, 4> pool_kind_names = {"constantProduct", "stableSwap",
                                                                    "bins", "ticks"};

constexpr std::string_view to_string(PoolKind kind) {
  return pool_kind_names[static_cast<std::size_t>(kind)];
}

// Empty: no such kind.
constexpr std::optional<PoolKind> pool_kind_of(std::string_view name) {
  for (std::size_t i = 0; i < pool_kind_names.size(); ++i)
    if (pool_kind_names[i] == name) return static_cast<PoolKind>(i);
  return std::nullopt;
}

}  // namespace oee
