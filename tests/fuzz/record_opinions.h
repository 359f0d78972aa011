// Compares the codec's reading of a record with RecordView's, which shares no code with the codec
// or the FlatBuffers library: both accept or both refuse a record, and accepted records have equal
// members.
#pragma once

#include <algorithm>
#include <string_view>
#include <variant>

#include "eventlog/audit/record_view.h"
#include "eventlog/codec.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {

class Opinions {
 public:
  explicit Opinions(const RecordView& view) : view_(view) {}

  void operator()(const OrderAccepted& e) const {
    same(view_.account == e.account && view_.idempotency_key == e.idempotency_key &&
         view_.client_order_id == e.client_order_id);
    same(view_.fingerprint == e.fingerprint && view_.amount_in == e.amount_in);
    same(view_.input_token == e.input.symbol.view() && view_.input_decimals == e.input.decimals);
    same(view_.output_token == e.output.symbol.view() &&
         view_.output_decimals == e.output.decimals);
    same(view_.slippage_bps == e.slippage_bps &&
         view_.min_out_floor == e.min_out_floor.value_or(0));
  }
  void operator()(const RoutingStarted& e) const { same(view_.attempt == e.attempt); }
  void operator()(const RouteSelected& e) const {
    same(view_.attempt == e.attempt && view_.quotes == e.quotes.size());
    same(view_.chosen == e.chosen);
    const VenueQuote& chosen = e.quotes[e.chosen];
    same(view_.chosen_is_error == !chosen.error.empty());
    same(view_.venue == chosen.venue.view() && view_.path == chosen.path);
    same(view_.legs == e.legs);
    if (e.legs > 1) return split(e);
    same(view_.expected_out == chosen.amount_out);
    const auto sells = [](const VenueQuote& quote) {
      return quote.amount_in ? U128{quote.amount_in->units} : ~U128{0};
    };
    Units best = 0;
    for (const VenueQuote& quote : e.quotes)
      if (quote.error.empty() && quote.amount_out.scale == chosen.amount_out.scale &&
          sells(quote) <= sells(chosen))
        best = std::max(best, quote.amount_out.units);
    same(view_.best_out == best);
  }
  void split(const RouteSelected& e) const {
    same(view_.leg_quotes.size() == e.legs);
    U128 out = 0;
    for (std::uint32_t i = 0; i < e.legs; ++i) {
      const VenueQuote& leg = e.quotes[e.chosen + i];
      const RecordView::LegQuote& seen = view_.leg_quotes[i];
      same(seen.venue == leg.venue.view() && seen.amount_in == leg.amount_in);
      same(seen.amount_out == leg.amount_out && seen.path == leg.path);
      out += leg.amount_out.units;
    }
    same(view_.expected_out.units == std::min<U128>(out, ~Units{0}));
  }
  void operator()(const TransactionBuilt& e) const { built(e); }
  void operator()(const LegBuilt& e) const {
    same(view_.leg == e.leg);
    built(e);
  }
  void built(const auto& e) const {
    same(view_.attempt == e.attempt && view_.venue == e.venue.view());
    same(view_.venue_order_id == e.venue_order_id && view_.amount_in == e.amount_in &&
         view_.expected_out == e.expected_out && view_.min_out == e.min_out);
    same(view_.valid_until_height == e.valid_until_height && view_.path == e.path);
  }
  void operator()(const TransactionSubmitted& e) const {
    same(view_.attempt == e.attempt && view_.venue == e.venue.view() && view_.tx_hash == e.tx_hash);
  }
  void operator()(const LegSubmitted& e) const {
    same(view_.attempt == e.attempt && view_.venue == e.venue.view() && view_.tx_hash == e.tx_hash);
    same(view_.leg == e.leg);
  }
  void operator()(const OutcomeUnknown& e) const {
    same(view_.attempt == e.attempt && view_.interrupted == e.interrupted);
  }
  void operator()(const LegOutcomeUnknown& e) const {
    same(view_.attempt == e.attempt && view_.leg == e.leg);
  }
  void operator()(const LegEnded& e) const {
    same(view_.attempt == e.attempt && view_.leg == e.leg && view_.error == e.error);
  }
  void operator()(const LegFilled& e) const {
    same(view_.leg == e.leg);
    filled(e);
  }
  void operator()(const OrderPartiallyFilled& e) const { filled(e); }
  void operator()(const OrderConfirmed& e) const { filled(e); }
  void filled(const auto& e) const {
    same(view_.attempt == e.attempt && view_.venue == e.venue.view() && view_.tx_hash == e.tx_hash);
    same(view_.amount_in == e.amount_in && view_.amount_out == e.amount_out);
    same(view_.executed_price == e.executed_price && view_.fee == e.fee);
  }
  void operator()(const AttemptFailed& e) const {
    same(view_.attempt == e.attempt && view_.error == e.error);
  }
  void operator()(const OrderFailed& e) const {
    same(view_.attempt == e.attempt && view_.error == e.error);
    same(view_.attempts_made == e.attempts_made);
  }
  void operator()(const OutcomeResolved& e) const {
    same(view_.attempt == e.attempt && view_.settled == e.settled && view_.account == e.by);
    same(view_.tx_hash == e.tx_hash && view_.amount_out == e.amount_out && view_.fee == e.fee);
    same(view_.idempotency_key == e.idempotency_key && view_.fingerprint == e.fingerprint);
    same(view_.leg == e.leg);
  }
  void operator()(const OrderTriggered& e) const { same(view_.venue == e.venue.view()); }
  template <class Other>
  void operator()(const Other& e) const {
    same(view_.attempt == 0 && view_.venue.empty());
    if constexpr (requires { e.idempotency_key; })
      same(view_.account == e.by && view_.idempotency_key == e.idempotency_key &&
           view_.fingerprint == e.fingerprint);
  }

 private:
  static void same(bool equal) { check(equal, "two readers of one record disagree"); }
  const RecordView& view_;
};

inline void check_opinions(std::string_view bytes, const Result<Record>& read,
                           const Result<RecordHeader>& header) {
  const Result<RecordView> view = view_record(bytes);
  check(!view.ok() || read.ok(), "the checker's reader accepts a record that the codec refuses");
  check(view.ok() || !read.ok(), "the checker's reader refuses a record that the codec accepts");
  if (!view.ok()) {
    check(!view.error().detail.empty(), "a refused record without a reason");
    return;
  }
  check(view->type == header->type && view->seq == read->seq && view->order_id == read->order_id &&
            view->version == read->version && view->correlation == read->correlation &&
            view->time_us == read->time.time_since_epoch().count() &&
            view->previous_chain == header->previous_chain,
        "two readers of one header disagree");
  check(view->chain == chain_hash(header->previous_chain, bytes), "two chain hashes");
  std::visit(Opinions(*view), read->event);
}

}  // namespace oee::fuzz
