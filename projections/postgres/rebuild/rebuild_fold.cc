#include "projections/postgres/rebuild/rebuild_fold.h"

#include "core/order/fold.h"
#include "core/order/order_codec.h"

namespace oee {

Result<void> RebuildFold::fold(std::span<const Record> records, FinalRows* rows,
                               std::vector<Order>* touched) {
  touched_ = touched;
  touched_index_.clear();
  for (const Record& record : records)
    if (record.order_id != engine_stream) OEE_TRY(fold(record, rows));
  return {};
}

Result<Order*> RebuildFold::order_before(const Record& record) {
  const auto [at, is_new] = open_.try_emplace(record.order_id);
  if (!is_new || record.version == 1) return &at->second;
  const auto failed = failed_.find(record.order_id);
  if (failed == failed_.end()) return &at->second;  // fold_record() reports it
  OEE_TRY_ASSIGN(at->second, decode_order(failed->second));
  failed_.erase(failed);
  return &at->second;
}

Result<void> RebuildFold::fold(const Record& record, FinalRows* rows) {
  OEE_TRY_ASSIGN(Order* const order, order_before(record));
  OEE_TRY(fold_record(*order, record));
  if (touched_ != nullptr) {
    const auto [index, is_first] = touched_index_.try_emplace(record.order_id, touched_->size());
    if (is_first) touched_->emplace_back();
    (*touched_)[index->second] = *order;
  }
  fold_dead_letter(record, rows);
  if (order->phase == Phase::confirmed) ++confirmed_;
  if (order->phase == Phase::discarded) ++discarded_;
  if (order->open()) return {};
  if (order->phase == Phase::failed) {
    append_order(failed_[record.order_id], *order);
  } else if (rows != nullptr) {
    append_order_row(rows->orders, *order);
  }
  open_.erase(record.order_id);
  return {};
}

void RebuildFold::fold_dead_letter(const Record& record, FinalRows* rows) {
  const EventType type = type_of(record.event);
  if (type == EventType::order_failed) {
    dead_letters_.insert_or_assign(record.order_id, record);
  } else if (type == EventType::dead_letter_requeued || type == EventType::dead_letter_discarded) {
    const auto letter = dead_letters_.find(record.order_id);
    if (letter == dead_letters_.end()) return;
    if (rows != nullptr) append_dead_letter_row(rows->dead_letters, {&letter->second, &record});
    dead_letters_.erase(letter);
  }
}

Result<void> RebuildFold::append_unfinished(FinalRows& rows,
                                            const std::function<void()>& appended) const {
  for (const auto& [id, order] : open_) {
    append_order_row(rows.orders, order);
    appended();
  }
  for (const auto& [id, bytes] : failed_) {
    OEE_TRY_ASSIGN(const Order order, decode_order(bytes));
    append_order_row(rows.orders, order);
    appended();
  }
  for (const auto& [id, record] : dead_letters_) {
    append_dead_letter_row(rows.dead_letters, {&record, nullptr});
    appended();
  }
  return {};
}

}  // namespace oee
