#include "core/venue/paper/ledger/shape_codec.h"

namespace oee::paper {
namespace {

std::uint32_t bits_of(std::int32_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint64_t bits_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

template <class Each, class Write>
void write_list(Writer& out, const std::vector<Each>& list, const Write& write) {
  check(list.size() <= std::numeric_limits<std::uint16_t>::max(), "a pool of too many parts");
  out.number(static_cast<std::uint16_t>(list.size()));
  for (const Each& each : list) write(each);
}

template <class Each, class Read>
std::vector<Each> read_list(Reader& in, const Read& read) {
  std::vector<Each> list(in.number<std::uint16_t>());
  for (Each& each : list) read(each);
  return list;
}

struct ShapeWriter {
  Writer& out;

  void operator()(const ConstantProductPool&) {
    check(false, "a constant-product pool has no shape");
  }
  void operator()(const StableSwapPool& pool) {
    out.number(pool.reserve_a);
    out.number(pool.reserve_b);
    out.number(pool.amplification);
    out.number(pool.multiplier_a);
    out.number(pool.multiplier_b);
    out.number(pool.fee_per_million);
  }
  void operator()(const BinPool& pool) {
    out.number(pool.step);
    out.number(bits_of(pool.active_id));
    out.number(pool.fees.base_factor);
    out.number(pool.fees.base_fee_power);
    out.number(pool.fees.filter_period);
    out.number(pool.fees.decay_period);
    out.number(pool.fees.reduction_factor);
    out.number(pool.fees.variable_fee_control);
    out.number(pool.fees.accumulator_max);
    out.number(pool.volatility.accumulator);
    out.number(pool.volatility.reference);
    out.number(bits_of(pool.volatility.index_reference));
    out.number(bits_of(pool.volatility.updated_at));
    out.number(bits_of(pool.time));
    write_list(out, pool.bins, [this](const Bin& bin) {
      out.number(bits_of(bin.id));
      out.number(bin.amount_a);
      out.number(bin.amount_b);
    });
  }
  void operator()(const TickPool& pool) {
    out.wide(pool.sqrt_price);
    out.number(bits_of(pool.tick));
    out.wide(pool.liquidity);
    out.number(pool.fee_per_million);
    write_list(out, pool.ticks, [this](const Tick& tick) {
      out.number(bits_of(tick.index));
      out.balance(tick.liquidity_net);
    });
  }
};

std::int32_t read_i32(Reader& in) {
  return static_cast<std::int32_t>(in.number<std::uint32_t>());
}
std::int64_t read_i64(Reader& in) {
  return static_cast<std::int64_t>(in.number<std::uint64_t>());
}

StableSwapPool read_stable_swap(Reader& in) {
  StableSwapPool pool;
  pool.reserve_a = in.number<Units>();
  pool.reserve_b = in.number<Units>();
  pool.amplification = in.number<std::uint64_t>();
  pool.multiplier_a = in.number<std::uint32_t>();
  pool.multiplier_b = in.number<std::uint32_t>();
  pool.fee_per_million = in.number<std::uint32_t>();
  return pool;
}

BinPool read_bins(Reader& in) {
  BinPool pool;
  pool.step = in.number<std::uint16_t>();
  pool.active_id = read_i32(in);
  pool.fees.base_factor = in.number<std::uint16_t>();
  pool.fees.base_fee_power = in.number<std::uint8_t>();
  pool.fees.filter_period = in.number<std::uint16_t>();
  pool.fees.decay_period = in.number<std::uint16_t>();
  pool.fees.reduction_factor = in.number<std::uint16_t>();
  pool.fees.variable_fee_control = in.number<std::uint32_t>();
  pool.fees.accumulator_max = in.number<std::uint32_t>();
  pool.volatility.accumulator = in.number<std::uint32_t>();
  pool.volatility.reference = in.number<std::uint32_t>();
  pool.volatility.index_reference = read_i32(in);
  pool.volatility.updated_at = read_i64(in);
  pool.time = read_i64(in);
  pool.bins = read_list<Bin>(in, [&in](Bin& bin) {
    bin.id = read_i32(in);
    bin.amount_a = in.number<Units>();
    bin.amount_b = in.number<Units>();
  });
  return pool;
}

TickPool read_ticks(Reader& in) {
  TickPool pool;
  pool.sqrt_price = in.wide();
  pool.tick = read_i32(in);
  pool.liquidity = in.wide();
  pool.fee_per_million = in.number<std::uint32_t>();
  pool.ticks = read_list<Tick>(in, [&in](Tick& tick) {
    tick.index = read_i32(in);
    tick.liquidity_net = in.balance();
    if (tick.liquidity_net == I128(U128(1) << 127)) in.spoil();  // it has no negative
  });
  return pool;
}

}  // namespace

void write_shape(Writer& out, const PoolShape& shape) {
  out.number(static_cast<std::uint8_t>(shape ? shape->index() : 0));
  if (shape) std::visit(ShapeWriter{out}, *shape);
}

PoolShape read_shape(Reader& in) {
  oee::PoolState shape;
  switch (in.number<std::uint8_t>()) {
    case static_cast<std::uint8_t>(PoolKind::constant_product):
      return nullptr;
    case static_cast<std::uint8_t>(PoolKind::stable_swap):
      shape = read_stable_swap(in);
      break;
    case static_cast<std::uint8_t>(PoolKind::bins):
      shape = read_bins(in);
      break;
    case static_cast<std::uint8_t>(PoolKind::ticks):
      shape = read_ticks(in);
      break;
    default:
      in.spoil();
      return nullptr;
  }
  if (!validate(shape)) in.spoil();
  return std::make_shared<const oee::PoolState>(std::move(shape));
}

}  // namespace oee::paper
