// Entropy seam: random bits. One instance per thread. Simulated: seeded, so that a run repeats.
#pragma once

#include <cstdint>

namespace oee {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;  // 64 uniform bits
};

}  // namespace oee
