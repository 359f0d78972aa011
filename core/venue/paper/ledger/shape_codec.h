// The stored bytes of a pool's shape (codec.h has the format). Pure.
#pragma once

#include "core/venue/paper/ledger/bytes.h"

namespace oee::paper {

// A null shape is written as that of a constant-product pool. REQUIRES: at most 65,535 bins or
// ticks.
void write_shape(Writer& out, const PoolShape& shape);
// Null: a constant-product pool, or `in` is spoiled. The shape is valid (validate()).
PoolShape read_shape(Reader& in);

}  // namespace oee::paper
