// A data directory with ended orders, for tests of those who read the past.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/support/process/engine_process.h"

namespace oee::test {

// Starts `engine`, executes `orders` orders of 6 records each, and stops it.
inline void execute_orders(EngineProcess& engine, int orders) {
  engine.start();
  const auto loaded =
      run({program("order-load"), "--url", engine.url(), "--orders", std::to_string(orders),
           "--connections", "32", "--grace", "180s", "--quiet", "--json"},
          240);
  ASSERT_EQ(loaded.exit_code, 0) << loaded.out << loaded.err;
  ASSERT_EQ(engine.stop(), 0);
}

}  // namespace oee::test
