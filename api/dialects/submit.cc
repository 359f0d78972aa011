#include "api/dialects/submit.h"

#include <algorithm>

#include "api/http/json_body.h"
#include "api/orders/order_body.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

constexpr ProblemKind refused_order{400, "invalid_order", "The order is not valid"};
constexpr std::string_view default_input = "SOL";
constexpr std::string_view default_output = "USDC";
constexpr std::string_view strict_type_name = dialect_type_names[0];

// Decimals of a slippage. 18 tell the smallest double above 0.01 from it; with 16, 100 % fits.
constexpr std::uint8_t fraction_decimals = 18;
constexpr std::uint8_t percent_decimals = 16;

bool is_type_name(std::string_view name) {
  return std::find(std::begin(dialect_type_names), std::end(dialect_type_names), name) !=
         std::end(dialect_type_names);
}

// The members of a body that any row of its path names.
class NamedMembers {
 public:
  explicit NamedMembers(std::span<const DialectSubmit> rows) {
    for (const DialectSubmit& row : rows) {
      for (const std::string_view name : {row.input, row.output, row.amount, row.slippage})
        add(name);
    }
    for (const std::string_view name : dialect_type_names) add(name);
  }
  std::optional<Problem> read(std::string_view body) {
    auto read =
        read_members(body, {names_.data(), size_}, BodyMembers::text_bytes_max, &names_a_term);
    if (auto* problem = std::get_if<Problem>(&read)) return std::move(*problem);
    members_ = std::get<BodyMembers>(std::move(read));
    return std::nullopt;
  }
  // REQUIRES: a row names `name`.
  BodyMember& operator[](std::string_view name) {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto found = std::find(names_.begin(), end, name);
    check(found != end, "no row of the dialect names this member");
    return members_.values[static_cast<std::size_t>(found - names_.begin())];
  }
  // The names in the body that this row must refuse: terms that it does not name, and with
  // `row.exact` every other name.
  std::vector<std::string> refused_by(const DialectSubmit& row) {
    std::vector<std::string> refused;
    for (std::size_t i = 0; i < size_; ++i) {
      const bool known = names_[i] == row.input || names_[i] == row.output ||
                         names_[i] == row.amount || names_[i] == row.slippage ||
                         is_type_name(names_[i]);
      if (!known && members_.values[i].kind != JsonKind::absent) refused.emplace_back(names_[i]);
    }
    refused.insert(refused.end(), members_.unknown.begin(), members_.unknown.end());
    if (row.exact && members_.unreported) refused.push_back(*members_.unreported);
    return refused;
  }
  bool has(std::string_view name) {
    return !name.empty() && (*this)[name].kind != JsonKind::absent;
  }

 private:
  void add(std::string_view name) {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(size_);
    if (name.empty() || std::find(names_.begin(), end, name) != end) return;
    check(size_ < names_.size(), "the rows of a dialect path have too many members");
    names_[size_++] = name;
  }
  std::array<std::string_view, BodyMembers::names_max> names_;
  std::size_t size_ = 0;
  BodyMembers members_;
};

const DialectSubmit& row_of(std::span<const DialectSubmit> rows, NamedMembers& members) {
  for (const DialectSubmit& row : rows) {
    const bool typed = row.strict && members.has(strict_type_name);
    if (typed || members.has(row.input) || members.has(row.output) || members.has(row.slippage))
      return row;
  }
  return rows.back();
}

struct Expected {
  std::string_view name;
  bool number;
  bool required;
};

// Reports members that are absent, repeated or of another type, without reading their values.
void check_kinds(const DialectSubmit& row, NamedMembers& members, std::vector<ProblemItem>& items) {
  const Expected all[] = {{row.input, false, true},
                          {row.output, false, true},
                          {row.amount, true, true},
                          {row.slippage, true, row.strict}};
  for (const auto& [name, number, required] : all) {
    if (name.empty()) continue;
    const BodyMember& member = members[name];
    const bool none = member.kind == JsonKind::absent || member.kind == JsonKind::null;
    const bool text = member.kind == JsonKind::text && !(number && row.strict);
    const bool right = text || (number && member.kind == JsonKind::number);
    if (member.repeated) {
      items.push_back({pointer_to(name), "duplicate_key", "is given more than once"});
    } else if (none) {
      if (required) items.push_back({pointer_to(name), "required", "is required"});
    } else if (!right) {
      items.push_back(
          {pointer_to(name), "wrong_type", number ? "must be a number" : "must be a string"});
    } else if (member.too_long) {
      items.push_back({pointer_to(name), "too_long", "is longer than any valid value"});
    }
  }
}

bool is_market(std::string_view text) {
  constexpr std::string_view market = "market";
  return text.size() == market.size() &&
         std::equal(text.begin(), text.end(), market.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

void check_type(const DialectSubmit& row, NamedMembers& members, std::vector<ProblemItem>& items) {
  for (const std::string_view name : dialect_type_names) {
    const BodyMember& member = members[name];
    if (!member.repeated && (member.kind == JsonKind::absent || member.kind == JsonKind::null ||
                             (member.kind == JsonKind::text && is_market(member.text))))
      continue;
    items.push_back(
        {pointer_to(name), "unknown_type", "must be \"market\", the only supported type"});
  }
  if (row.strict && !members.has(strict_type_name))
    items.push_back({pointer_to(strict_type_name), "required", "is required"});
}

void check_slippage(const DialectSubmit& row, NamedMembers& members, PlaceOrder& order,
                    std::vector<ProblemItem>& items) {
  if (row.slippage_rule == DialectSlippage::none) return;
  const auto text = members[row.slippage].view();
  if (!text) return;  // null or absent
  const bool narrow = row.slippage_rule == DialectSlippage::narrow_fraction;
  const std::uint8_t decimals = narrow ? fraction_decimals : percent_decimals;
  const Units one = narrow ? 1'000'000'000'000'000'000 : 10'000'000'000'000'000;
  const Result<Units> units = parse_units_down(*text, decimals);
  const bool right =
      units && (narrow ? *units > one / 100 && *units < one / 2 : *units <= 100 * one);
  if (!right) {
    items.push_back({pointer_to(row.slippage), "out_of_range",
                     narrow ? "must be a fraction above 0.01 and below 0.5"
                            : "must be a fraction up to 0.1 or a percentage up to 100"});
    return;
  }
  const bool percent = !narrow && *units > one / 10;
  order.slippage_bps = static_cast<std::uint32_t>(*units / (percent ? one / 100 : one / 10'000));
}

Problem refusal(const ProblemKind& kind, std::vector<ProblemItem> items) {
  Problem problem = order_problem(std::move(items));
  problem.kind = &kind;
  return problem;
}

std::variant<PlaceOrder, Problem> order_of(const DialectSubmit& row, NamedMembers& members,
                                           const TokenRegistry& tokens) {
  std::vector<ProblemItem> items;
  check_kinds(row, members, items);
  check_type(row, members, items);
  for (const std::string& name : members.refused_by(row))
    items.push_back({pointer_to(name), "unknown_member", "is not a member of this client's order"});
  if (!items.empty())
    return refusal(row.strict ? problems::invalid_order : refused_order, std::move(items));
  PlaceOrder order;
  check_slippage(row, members, order, items);
  SwapText text;
  text.input = row.input.empty() ? default_input : members[row.input].view();
  text.output = row.output.empty() ? default_output : members[row.output].view();
  text.amount = members[row.amount].view();
  const SwapNames names{pointer_to(row.input), pointer_to(row.output), pointer_to(row.amount)};
  const SwapRequest swap = check_swap(text, tokens, names, items, ExcessDigits::cut);
  if (!items.empty()) return refusal(refused_order, std::move(items));
  order.input = swap.input;
  order.output = swap.output;
  order.amount_in = swap.amount_in;
  return order;
}

// --- Refusals ------------------------------------------------------------------------------------

std::string_view reason_phrase(unsigned status) {  // RFC 9110 15
  switch (status) {
    case 400:
      return "Bad Request";
    case 409:
      return "Conflict";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

void write_details(JsonWriter& json, const Problem& problem) {
  if (problem.items.empty()) return;
  json.key("details").array([&] {
    for (const ProblemItem& item : problem.items) {
      json.object([&] {
        json.key("pointer").text(item.where);
        json.key("detail").text(item.detail);
      });
    }
  });
}

// The message that Fastify writes for an error of its validator.
std::string fastify_message(const Problem& problem) {
  if (problem.items.empty()) return problem.detail;
  const ProblemItem& first = problem.items.front();
  if (first.code == "required")
    return "body must have required property '" + first.where.substr(1) + "'";
  return "body" + first.where + " " + first.detail;
}

// The message that axum writes for an error of its Json extractor or its validation.
std::string text_message(const Problem& problem) {
  if (problem.items.empty()) return problem.detail;
  if (problem.kind->status != 422) return problem.detail;
  const ProblemItem& first = problem.items.front();
  const std::string name = first.where.empty() ? "body" : first.where.substr(1);
  return "Failed to deserialize the JSON body into the target type: " +
         (first.code == "required" ? "missing field `" + name + "`" : name + ": " + first.detail);
}

}  // namespace

DialectOrder read_dialect_order(std::span<const DialectSubmit> rows, std::string_view body,
                                const TokenRegistry& tokens) {
  check(!rows.empty(), "read_dialect_order: not a path of a dialect");
  NamedMembers members(rows);
  if (auto problem = members.read(body)) {
    // The members are not known, so the dialect is not either.
    if (problem->kind == &problems::invalid_order) problem->kind = &refused_order;
    return {&rows.back(), *std::move(problem)};
  }
  const DialectSubmit& row = row_of(rows, members);
  return {&row, order_of(row, members, tokens)};
}

HttpAnswer dialect_answer(const DialectSubmit& row, const OrderId& id) {
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object([&] {
    json.key(row.id_key).text_of(id);
    if (!row.status.empty()) json.key("status").text(row.status);
    if (!row.message.empty()) json.key("message").text(row.message);
  });
  return answer;
}

HttpAnswer dialect_refusal(const DialectSubmit& row, const Problem& problem) {
  const ProblemKind& kind = *problem.kind;
  HttpAnswer answer;
  answer.status = kind.status;
  JsonWriter json(answer.body);
  switch (row.errors) {
    case DialectErrors::error_and_message:
      json.object([&] {
        json.key("error").text(problem.items.empty() ? kind.title : row.invalid_order);
        json.key("message").text(problem.detail);
        write_details(json, problem);
      });
      break;
    case DialectErrors::fastify:
      json.object([&] {
        json.key("statusCode").number(kind.status);
        json.key("code").text(kind.status == 400 ? "FST_ERR_VALIDATION" : kind.code);
        json.key("error").text(reason_phrase(kind.status));
        json.key("message").text(fastify_message(problem));
      });
      break;
    case DialectErrors::text:
      answer.content_type = "text/plain; charset=utf-8";
      answer.body = text_message(problem);
      break;
  }
  if (kind.status == 503)
    answer.headers.emplace_back("Retry-After", std::to_string(problem.retry_after.count()));
  return answer;
}

}  // namespace oee
