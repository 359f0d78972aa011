// Entropy seam: random bits. One instance per thread. The simulation's is seeded, so that a run can
// be repeated.
#pragma once

#include <cstdint>

namespace oee {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;  // 64 uniform bits
};

}  // namespace oee
