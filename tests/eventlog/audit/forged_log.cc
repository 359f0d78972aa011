#include "tests/eventlog/audit/forged_log.h"

#include <stdexcept>

#include "core/base/time.h"
#include "eventlog/rocks/watermark.h"

namespace oee::forge {
namespace {

void must(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}
template <class T>
T must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().detail);
  return *std::move(result);
}
void must(const Result<void>& result) {
  if (!result.ok()) throw std::runtime_error(result.error().detail);
}

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

const Token sol{"SOL", 9};
const Token usdc{"USDC", 6};
const Decimal amount_in{1'500'000'000, 9};
const Decimal amount_out{224'433'022, 6};

}  // namespace

OrderId order_id(std::uint32_t n) {
  OrderId id;
  id.bytes = {0x01, 0x95, 0x4d, 0x20, 0x00, 0x00, 0x70, 0x00, 0x80};
  for (int i = 0; i < 4; ++i) id.bytes[12 + i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
  return id;
}

OrderAccepted accepted(std::string key, std::string client_order_id) {
  OrderAccepted event;
  event.account = "default";
  event.idempotency_key = std::move(key);
  event.client_order_id = std::move(client_order_id);
  event.fingerprint = sha256({"fingerprint", event.idempotency_key, event.client_order_id});
  event.input = sol;
  event.output = usdc;
  event.amount_in = amount_in;
  return event;
}
RouteSelected route_selected(Attempt attempt) {
  VenueQuote raydium;
  raydium.venue = "raydium";
  raydium.amount_out = amount_out;
  raydium.price = Decimal{149'622'015, 6};
  raydium.fee = Decimal{3'750'000, 9};
  raydium.height = 7;
  VenueQuote meteora;
  meteora.venue = "meteora";
  meteora.error = "no answer";
  meteora.lost_because = "no quote";
  return {attempt, {raydium, meteora}, 0};
}
TransactionBuilt transaction_built(const OrderId& id, Attempt attempt) {
  TransactionBuilt event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.venue_order_id = venue_order_id_of(id, attempt);
  event.amount_in = amount_in;
  event.expected_out = amount_out;
  event.min_out = Decimal{222'188'691, 6};
  event.price = Decimal{149'622'015, 6};
  event.valid_until_height = 157;
  return event;
}
TransactionSubmitted transaction_submitted(Attempt attempt) {
  TxHash hash;
  hash.bytes.fill(0x5A);
  return {attempt, "raydium", hash};
}
OrderConfirmed order_confirmed(Attempt attempt) {
  OrderConfirmed event;
  event.attempt = attempt;
  event.venue = "raydium";
  event.tx_hash.bytes.fill(0x5A);
  event.amount_in = amount_in;
  event.amount_out = amount_out;
  event.executed_price = price_of(amount_out, amount_in);
  event.fee = Decimal{3'750'000, 9};
  event.slippage_realised_bps = -3;
  return event;
}
AttemptFailed attempt_failed(Attempt attempt) {
  return {attempt, ErrorClass::venue_unavailable, "no venue answered", WallTime(Micros(1))};
}
OrderFailed order_failed(Attempt attempt) {
  return {attempt, ErrorClass::slippage_exceeded, "price moved", 1};
}
std::vector<Event> confirmed_life(const OrderId& id, std::string key, std::string client_order_id) {
  return {accepted(std::move(key), std::move(client_order_id)),
          RoutingStarted{1},
          route_selected(1),
          transaction_built(id, 1),
          transaction_submitted(1),
          order_confirmed(1)};
}

ForgedLog::ForgedLog(const std::filesystem::path& data_dir) : dir_(data_dir / "log") {
  std::filesystem::create_directories(dir_);
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> names{{rocksdb::kDefaultColumnFamilyName, {}}};
  for (const char* name : layout::all_cfs) names.emplace_back(name, rocksdb::ColumnFamilyOptions());
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::Open(options, dir_.string(), names, &families_, &db));
  db_.reset(db);
  std::string format;
  layout::put_u32(format, layout::store_format_version);
  put(layout::cf_meta, layout::meta_format, format);
  put(layout::cf_meta, layout::meta_log_id, "0123456789abcdef");
  mark();
}

ForgedLog::~ForgedLog() {
  for (rocksdb::ColumnFamilyHandle* each : families_) db_->DestroyColumnFamilyHandle(each);
}

WallTime ForgedLog::time_of(Seq seq) {
  return must(parse_rfc3339("2026-03-01T12:00:00Z")) + std::chrono::seconds(seq);
}

Seq ForgedLog::add(const OrderId& id, Version version, const Event& event, WallTime time) {
  const EncodedEvent encoded = must(encode_event(event));
  RecordHeader header;
  header.type = encoded.type;
  header.seq = ++head_;
  header.order_id = id;
  header.version = version;
  header.time = time;
  header.previous_chain = chain_;
  std::string bytes;
  chain_ = append_record(bytes, header, encoded.payload);
  put(layout::cf_events, layout::seq_key(head_), bytes);
  put(layout::cf_by_order, layout::by_order_key(id, version), layout::seq_key(head_));
  if (const auto* first = std::get_if<OrderAccepted>(&event)) {
    const std::string value =
        std::string(id.view()) + layout::seq_key(head_) + std::string(as_bytes(first->fingerprint));
    using layout::KeyKind;
    if (!first->idempotency_key.empty())
      put(layout::cf_keys,
          layout::key_of(KeyKind::idempotency_key, first->account, first->idempotency_key), value);
    if (!first->client_order_id.empty())
      put(layout::cf_keys,
          layout::key_of(KeyKind::client_order_id, first->account, first->client_order_id), value);
  }
  return head_;
}

void ForgedLog::add_all(const OrderId& id, const std::vector<Event>& events, Version first) {
  for (const Event& event : events) add(id, first++, event);
}

void ForgedLog::mark() {
  WatermarkFile file = must(WatermarkFile::open(dir_ / "WATERMARK", {}));
  must(file.write({head_, chain_}));
}

void ForgedLog::put(const char* name, std::string_view key, std::string_view value) {
  must(db_->Put({}, family(name), slice(key), slice(value)));
}
void ForgedLog::remove(const char* name, std::string_view key) {
  must(db_->Delete({}, family(name), slice(key)));
}
std::string ForgedLog::get(const char* name, std::string_view key) {
  std::string value;
  must(db_->Get({}, family(name), slice(key), &value));
  return value;
}
void ForgedLog::flush() {
  must(db_->Flush({}, families_));
}

rocksdb::ColumnFamilyHandle* ForgedLog::family(std::string_view name) {
  for (rocksdb::ColumnFamilyHandle* each : families_)
    if (each->GetName() == name) return each;
  throw std::runtime_error("no such column family");
}

}  // namespace oee::forge
