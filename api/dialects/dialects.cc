#include "api/dialects/dialects.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "api/http/query.h"

namespace oee {
namespace {

constexpr std::string_view execute_path = "/api/orders/execute";
constexpr std::size_t id_text_max = 64;  // a UUID has 36 characters

constexpr std::string_view accepted_text = "Order accepted; its updates are on the WebSocket";

// Sorted by path, then in the order of choice.
constexpr std::array all_submits = {
    DialectSubmit{.of = DialectSet("D"),
                  .path = execute_path,
                  .input = "token_in",
                  .output = "token_out",
                  .amount = "amount",
                  .slippage = "max_slippage",
                  .slippage_rule = DialectSlippage::narrow_fraction,
                  .strict = true,
                  .id_key = "order_id",
                  .errors = DialectErrors::text},
    DialectSubmit{
        .of = DialectSet("AE"),
        .path = execute_path,
        .input = "inputToken",
        .output = "outputToken",
        .amount = "amount",
        .id_key = "orderId",
        .status = "pending",
        .message = accepted_text,
        .invalid_order = "Invalid data. Provide inputToken, outputToken, and valid amount."},
    DialectSubmit{.of = DialectSet("B"),
                  .path = execute_path,
                  .amount = "amount",
                  .exact = true,
                  .id_key = "orderId",
                  .status = "pending",
                  .message = accepted_text,
                  .invalid_order = "Amount required"},
    DialectSubmit{.of = DialectSet("C"),
                  .path = "/order",
                  .input = "tokenIn",
                  .output = "tokenOut",
                  .amount = "amount",
                  .slippage = "slippage",
                  .slippage_rule = DialectSlippage::fraction_or_percent,
                  .id_key = "orderId",
                  .status = "created",
                  .message = accepted_text,
                  .errors = DialectErrors::fastify},
};

// A name stands for a term of the order when it is one of these words or contains one of the stems.
constexpr std::string_view term_words[] = {
    "from", "to",   "in",  "out",  "src",    "dst",       "source", "destination", "min",
    "max",  "rate", "buy", "sell", "action", "direction", "mode",   "dex",         "tif",
    "ttl",  "gtc",  "gtd", "gtt",  "ioc",    "fok",       "aon",    "until",       "timeout"};
constexpr std::string_view term_stems[] = {
    "token",     "mint",      "coin",      "asset",       "currency",   "symbol",      "pair",
    "input",     "output",    "amount",    "ammount",     "amt",        "qty",         "quantity",
    "size",      "volume",    "notional",  "slip",        "toler",      "bps",         "percent",
    "price",     "limit",     "stop",      "trigger",     "condition",  "profit",      "trailing",
    "minout",    "minrec",    "minret",    "minrate",     "maxin",      "maxrate",     "minimum",
    "maximum",   "worst",     "impact",    "receiv",      "side",       "isbuy",       "issell",
    "partial",   "fillor",    "allornone", "postonly",    "reduceonly", "leverage",    "exactin",
    "exactout",  "swapmode",  "venue",     "expir",       "deadline",   "valid",       "goodt",
    "notbefore", "executeat", "startat",   "starttime",   "schedul",    "cancelafter", "quote",
    "ordertyp",  "dryrun",    "simulat",   "timeinforce", "slice",      "interval",    "randomi",
    "twap"};

using enum FrameSource;
using When = FrameWhen;

constexpr std::array frame_b = {
    FrameMember{"status", status},
    FrameMember{"message", message, When::not_confirmed},
    FrameMember{"txHash", tx_hash, When::confirmed},
    FrameMember{"price", executed_price, When::confirmed},
};
constexpr std::array frame_c = {
    FrameMember{"type", update_type},
    FrameMember{"status", status},
    FrameMember{"orderId", order_id},
    FrameMember{"timestamp", time},
    FrameMember{"message", message},
    FrameMember{"selectedDex", dex, When::building},
    FrameMember{"estimatedPrice", price, When::building},
    FrameMember{"txHash", tx_hash, When::confirmed},
    FrameMember{"executedPrice", executed_price, When::confirmed},
    FrameMember{"dex", dex, When::submitted_or_confirmed},
    FrameMember{"amount", amount, When::confirmed},
    FrameMember{"error", reason, When::ended_badly},
};
constexpr std::array frame_d = {
    FrameMember{"order_id", order_id},
    FrameMember{"status", status},
    FrameMember{"execution_price", executed_price},
    FrameMember{"tx_hash", tx_hash},
    FrameMember{"reason", reason},
};
constexpr std::array frame_e = {
    FrameMember{"id", order_id},
    FrameMember{"status", status},
    FrameMember{"timestamp", time},
};

constexpr std::array all_sockets = {
    DialectSocket{.of = DialectSet("B"),
                  .path = "/ws",  // without an orderId the path has the engine's own protocol
                  .id_from = OrderIdFrom::query,
                  .frame = frame_b,
                  .error_mark_key = "status",
                  .error_mark = "error",
                  .error_key = "message"},
    DialectSocket{.of = DialectSet("C"),
                  .path = "/order/",
                  .id_from = OrderIdFrom::path,
                  .frame = frame_c,
                  .greets = true,
                  .closes_at_end = true,
                  .error_mark_key = "type",
                  .error_mark = "error",
                  .error_key = "message"},
    DialectSocket{.of = DialectSet("E"),
                  .path = execute_path,
                  .id_from = OrderIdFrom::query,
                  .frame = frame_e,
                  .error_key = "error"},
    DialectSocket{.of = DialectSet("D"),
                  .path = execute_path,
                  .id_from = OrderIdFrom::message,
                  .frame = frame_d,
                  .error_key = "error"},
    DialectSocket{.of = DialectSet("D"),
                  .path = "/api/orders/status",
                  .id_from = OrderIdFrom::message,
                  .frame = frame_d,
                  .error_key = "error"},
};

// The order id in a target of this row. Empty: the target is not the row's.
std::optional<std::string> id_text_of(const DialectSocket& row, std::string_view path,
                                      std::string_view query) {
  if (row.id_from == OrderIdFrom::path) {
    if (!path.starts_with(row.path)) return std::nullopt;
    path.remove_prefix(row.path.size());
    if (path.empty() || path.find('/') != path.npos) return std::nullopt;
    return std::string(path.substr(0, id_text_max));
  }
  if (path != row.path) return std::nullopt;
  if (row.id_from == OrderIdFrom::message) return std::string();
  QueryReader reader(query);
  if (auto id = reader.text("orderId", id_text_max)) return id;
  const auto problem = reader.problem();
  if (!problem) return std::nullopt;
  const bool named = std::any_of(problem->items.begin(), problem->items.end(),
                                 [](const ProblemItem& item) { return item.where == "orderId"; });
  return named ? std::optional<std::string>("") : std::nullopt;  // empty, too long or repeated
}

}  // namespace

bool names_a_term(std::string_view name) {
  std::string word;  // lower case, without separators
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c + ('a' - 'A'));
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += c;
    }
  }
  return std::find(std::begin(term_words), std::end(term_words), word) != std::end(term_words) ||
         std::any_of(std::begin(term_stems), std::end(term_stems),
                     [&word](std::string_view stem) { return word.find(stem) != word.npos; });
}

Dialects::Dialects(DialectSet served) {
  const auto is_served = [served](const auto& row) { return row.of.meets(served); };
  std::copy_if(all_submits.begin(), all_submits.end(), std::back_inserter(submits_), is_served);
  std::copy_if(all_sockets.begin(), all_sockets.end(), std::back_inserter(sockets_), is_served);
}

std::span<const DialectSubmit> Dialects::submits(std::string_view path) const {
  std::size_t begin = 0;
  while (begin < submits_.size() && submits_[begin].path != path) ++begin;
  std::size_t end = begin;
  while (end < submits_.size() && submits_[end].path == path) ++end;
  return {submits_.data() + begin, end - begin};
}

std::optional<DialectUpgrade> Dialects::upgrade(std::string_view target) const {
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  for (const DialectSocket& row : sockets_) {
    if (auto id = id_text_of(row, path, query)) return DialectUpgrade{&row, *std::move(id)};
  }
  return std::nullopt;
}

}  // namespace oee
