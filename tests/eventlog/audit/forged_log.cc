#include "tests/eventlog/audit/forged_log.h"

#include <fstream>
#include <stdexcept>

#include "core/base/bytes.h"
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

}  // namespace

OrderAccepted accepted(std::string key, std::string client_order_id) {
  OrderAccepted event = test::accepted_event();
  event.idempotency_key = std::move(key);
  event.client_order_id = std::move(client_order_id);
  event.fingerprint = sha256({"fingerprint", event.idempotency_key, event.client_order_id});
  return event;
}
RouteSelected route_selected(Attempt attempt) {
  RouteSelected event = test::route_event(attempt);
  VenueQuote meteora;
  meteora.venue = "meteora";
  meteora.error = "no answer";
  meteora.lost_because = "no quote";
  event.quotes.push_back(meteora);
  return event;
}
TransactionBuilt transaction_built(const OrderId& id, Attempt attempt) {
  return test::built_event(id, attempt);
}
TransactionSubmitted transaction_submitted(Attempt attempt) {
  return test::submitted_event(attempt);
}
OrderConfirmed order_confirmed(Attempt attempt) {
  OrderConfirmed event = test::confirmed_event(attempt);
  event.amount_out = test::sample_quote_out;
  event.executed_price = price_of(event.amount_out, event.amount_in);
  event.fee = Decimal{3'750'000, 9};
  event.slippage_realised_bps = -3;
  return event;
}
AttemptFailed attempt_failed(Attempt attempt) {
  return {attempt, ErrorClass::venue_unavailable, "no venue answered", WallTime(Micros(1))};
}
OrderFailed order_failed(Attempt attempt, std::uint32_t attempts_made) {
  return {attempt, ErrorClass::slippage_exceeded, "price moved", attempts_made};
}
std::vector<Event> confirmed_events(const OrderId& id, std::string key,
                                    std::string client_order_id) {
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
  append_be<std::uint32_t>(format, layout::store_format_version);
  put(layout::cf_meta, layout::meta_format, format);
  put(layout::cf_meta, layout::meta_log_id, "0123456789abcdef");
  mark();
}

ForgedLog::~ForgedLog() {
  close();
}
void ForgedLog::close() {
  for (rocksdb::ColumnFamilyHandle* each : families_) db_->DestroyColumnFamilyHandle(each);
  families_.clear();
  db_.reset();
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
  const EventKeys keys = keys_of(event);
  const std::string value =
      std::string(id.view()) + layout::seq_key(head_) + std::string(as_bytes(keys.fingerprint));
  using layout::KeyKind;
  if (!keys.idempotency_key.empty())
    put(layout::cf_keys,
        layout::key_of(KeyKind::idempotency_key, keys.account, keys.idempotency_key), value);
  if (!keys.client_order_id.empty())
    put(layout::cf_keys,
        layout::key_of(KeyKind::client_order_id, keys.account, keys.client_order_id), value);
  return head_;
}

void ForgedLog::add_all(const OrderId& id, const std::vector<Event>& events, Version first) {
  for (const Event& event : events) add(id, first++, event);
}

void ForgedLog::mark() {
  WatermarkFile file = must(WatermarkFile::open(dir_ / "WATERMARK", {}));
  must(file.write({head_, chain_}));
}

void ForgedLog::damage_mark(bool newest) {
  constexpr std::size_t slot_bytes = 64;
  std::fstream file(dir_ / "WATERMARK", std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(2 * slot_bytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::string_view view = bytes;
  const auto seq_at = [&](std::size_t slot) {
    return load_be<std::uint64_t>(view.substr(slot * slot_bytes + 8));
  };
  const std::size_t slot = (seq_at(1) > seq_at(0)) == newest ? 1 : 0;
  file.seekp(static_cast<std::streamoff>(slot * slot_bytes + 20));
  file.put(static_cast<char>(bytes[slot * slot_bytes + 20] ^ 1));
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
