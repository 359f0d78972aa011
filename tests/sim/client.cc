#include "tests/sim/client.h"

#include <cinttypes>
#include <cstdio>

#include "core/order/decide.h"
#include "core/order/order_json.h"
#include "tests/sim/order_types.h"
#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

constexpr std::int64_t think_us = 400'000;
constexpr std::int64_t again_us = 1'500'000;
// A quote waits for a silent venue's time-out of 2 s. Everything else takes milliseconds.
constexpr Micros prompt_max{5'000'000};

// The value of a member in a flat JSON object that this engine wrote.
std::string member(const std::string& json, const std::string& name) {
  const std::string quoted = "\"" + name + "\":";
  std::size_t at = json.find(quoted);
  if (at == std::string::npos) return {};
  at += quoted.size();
  const bool text = json[at] == '"';
  if (text) ++at;
  return json.substr(at, json.find_first_of(text ? "\"" : ",}", at) - at);
}

bool breaks_limit(const HttpAnswer& answer) {
  return answer.status == 422 && member(answer.body, "code") == "risk_limit";
}

bool has_header(const HttpAnswer& answer, std::string_view name) {
  for (const auto& [header, value] : answer.headers)
    if (header == name) return true;
  return false;
}

std::string body_of(const test::HistoryChecker::Submit& submit, const std::string& amount,
                    bool key_in_header, const std::string& more) {
  std::string body = "{\"inputToken\":\"" + submit.input_token + "\",\"outputToken\":\"" +
                     submit.output_token + "\"";
  if (submit.exact_out) {
    const TokenInfo* output = TokenRegistry::defaults().find(submit.output_token);
    body += ",\"outputAmount\":\"" + to_text(Decimal{*submit.exact_out, output->token.decimals}) +
            "\",\"maxInput\":\"";
  } else {
    body += ",\"amount\":\"";
  }
  body += amount + "\",\"slippageBps\":" + std::to_string(submit.slippage_bps) + more;
  if (!key_in_header) body += ",\"clientOrderId\":\"" + submit.key + "\"";
  return body + "}";
}

}  // namespace

// --- Trail --------------------------------------------------------------------------------------

void Trail::add(const Time& time, const std::string& line) {
  char stamp[32];
  std::snprintf(stamp, sizeof stamp, "%12" PRId64 " us  ",
                static_cast<std::int64_t>(time.steady.time_since_epoch().count()));
  std::string stamped = stamp + line;
  for (const char c : stamped) {
    hash_ ^= static_cast<std::uint8_t>(c);
    hash_ *= 0x100000001b3ULL;  // FNV-1a
  }
  if (lines_.size() < lines_max_) {
    lines_.push_back(std::move(stamped));
  } else {
    lines_[next_++ % lines_max_] = std::move(stamped);
  }
}

void Trail::print() const {
  for (std::size_t i = 0; i < lines_.size(); ++i)
    std::fprintf(stderr, "%s\n", lines_[(next_ + i) % lines_.size()].c_str());
}

// --- Submitter ----------------------------------------------------------------------------------

Submitter::Submitter(const SimEnvironment& environment, test::HistoryChecker& checker, Trail& trail)
    : environment_(environment),
      checker_(checker),
      trail_(trail),
      limit_dice_(environment.plan.seed ^ 0x11'318),
      twap_dice_(environment.plan.seed ^ 0x7'3A9),
      stop_dice_(environment.plan.seed ^ 0x57'0A),
      exact_dice_(environment.plan.seed ^ 0xE'8AC8),
      orders_(environment.plan.orders) {}

bool Submitter::done() const {
  if (sent_.size() < orders_) return false;
  for (const Sent& sent : sent_)
    if (!sent.answered) return false;
  return true;
}

bool Submitter::awaits_answer(const std::set<std::string>& durable_keys) const {
  for (const Sent& sent : sent_)
    if (sent.in_flight && !sent.answered && durable_keys.contains(sent.submit.key)) return true;
  return false;
}

bool Submitter::step(SimEngine* engine) {
  if (engine == nullptr || environment_.time.steady < next_at_) return false;
  Dice& dice = environment_.dice;
  next_at_ = environment_.time.steady + dice.micros(think_us);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < sent_.size(); ++i)
    if (!sent_[i].answered && !sent_[i].in_flight) open.push_back(i);
  const bool more = sent_.size() < orders_;
  if (settling_ && cancel_resting(*engine)) return true;
  if (!settling_ && !sent_.empty() && limit_dice_.chance(environment_.plan.amendments / 3)) {
    amend(*engine);
  } else if (!settling_ && !sent_.empty() && dice.chance(300)) {
    dice.chance(100) ? clash(*engine) : change(*engine);
  } else if (more && (open.empty() || dice.chance(600))) {
    sent_.push_back(make_order());
    send(*engine, sent_.size() - 1);
  } else if (!open.empty()) {
    send(*engine, open[dice.below(open.size())]);
  } else if (!settling_ && !sent_.empty() && dice.chance(300)) {
    // Repeats a request that was answered long ago. The answer must be the same.
    const std::size_t index = dice.below(sent_.size());
    if (!sent_[index].in_flight && !sent_[index].bad) send(*engine, index);
  } else {
    next_at_ = environment_.time.steady + Micros(think_us);
  }
  return true;
}

Submitter::Sent Submitter::make_order() {
  Dice& dice = environment_.dice;
  const auto& tokens = sim_tokens().tokens();
  const TokenInfo& input = tokens[dice.below(listed_tokens())];
  const TokenInfo* output = &tokens[dice.below(listed_tokens())];
  while (output->token.symbol == input.token.symbol) output = &tokens[dice.below(listed_tokens())];
  std::uint64_t usd = 1 + dice.below(500);
  Sent sent;
  const bool new_pair = stop_dice_.chance(environment_.plan.triggers / 4);
  if (new_pair) output = &unlisted_token();
  sent.limit = !new_pair && limit_dice_.chance(environment_.plan.limit_orders);
  // A large order moves the price of its pool: a part of it may be paid enough.
  if (sent.limit && limit_dice_.chance(500)) usd *= 10'000;
  // Others are split: from a stream of their own, as a run is otherwise what it was.
  Dice large(environment_.plan.seed ^ 0x1A'26E ^ (sent_.size() << 32));
  const bool split =
      !sent.limit && environment_.plan.leg_gain_min_bps < 10'000 && large.chance(400);
  if (split) usd *= large.chance(500) ? 100 : 1'000;
  const auto units = units_worth(usd, input);
  check(units.ok(), "5,000,000 USD fit");
  sent.submit.key = "key-" + std::to_string(sent_.size());
  sent.submit.input_token = input.token.symbol.view();
  sent.submit.output_token = output->token.symbol.view();
  sent.submit.amount_in = Decimal{*units + dice.below(1000), input.token.decimals};
  const std::uint32_t slippages[] = {0, 1, 20, 100, 1000};
  sent.submit.slippage_bps = slippages[dice.below(5)];
  sent.key_in_header = dice.chance(500);
  sent.bad = dice.chance(80);
  std::string amount = to_text(sent.submit.amount_in);
  if (sent.bad) amount = dice.chance(500) ? "0" : "-" + amount;
  std::string more;
  const bool expires = dice.chance(100);
  const bool exact = exact_dice_.chance(environment_.plan.exact_outputs) && !new_pair;
  if (sent.limit) more = limit_members(input, *output, expires, exact);
  if (!sent.limit && !new_pair && twap_dice_.chance(environment_.plan.limit_orders))
    more = twap_members(input, *output);
  if (exact && (more.empty() || sent.limit)) ask_exact_output(input, *output, sent);
  if (more.empty() && (new_pair || stop_dice_.chance(environment_.plan.triggers)))
    more = trigger_members(input, *output, sent);
  if (split && !sent.submit.exact_out) more += R"(,"allowPartial":true)";
  if (expires)
    more += ",\"expiresAt\":\"" +
            format_rfc3339(environment_.time.wall() + Micros(1'000) + dice.micros(3'000'000)) +
            "\"";
  sent.body = body_of(sent.submit, amount, sent.key_in_header, more);
  return sent;
}

// The reference price, less the fee of about 25 bps, within one percent.
Decimal Submitter::price_near(const TokenInfo& input, const TokenInfo& output, Dice& dice) {
  return price_at(input, output, 9'875 + dice.below(201));
}

std::string Submitter::twap_members(const TokenInfo& input, const TokenInfo& output) {
  std::string members = R"(,"type":"twap","slices":)" + std::to_string(2 + twap_dice_.below(4)) +
                        R"(,"interval":")" + std::to_string(1 + twap_dice_.below(2)) +
                        R"(s","randomize":)" + std::to_string(50 * twap_dice_.below(3));
  if (twap_dice_.chance(333))
    members += R"(,"limitPrice":")" + to_text(price_near(input, output, twap_dice_)) + "\"";
  return members;
}

// A trigger price within three percent of the reference price, or nearly the liquidity of a pool.
std::string Submitter::trigger_members(const TokenInfo& input, const TokenInfo& output,
                                       Sent& sent) {
  Dice& dice = stop_dice_;
  std::string members;
  sent.stop = output.pools && dice.chance(700);
  if (sent.stop) {
    constexpr const char* when[] = {"", R"(,"triggerWhen":"atOrBelow")",
                                    R"(,"triggerWhen":"atOrAbove")"};
    members = R"(,"type":"stop","triggerPrice":")" +
              to_text(price_at(input, output, 9'700 + dice.below(601))) + "\"" +
              when[dice.below(3)];
  } else {
    members = R"(,"type":"sniper")";
    Units liquidity = 0;
    for (const auto& [number, pool] : environment_.venues.prices()) {
      const bool a = pool.a.symbol == input.token.symbol && pool.b.symbol == output.token.symbol;
      const bool b = pool.b.symbol == input.token.symbol && pool.a.symbol == output.token.symbol;
      if (a || b) liquidity = std::max(liquidity, a ? pool.amount_b : pool.amount_a);
    }
    liquidity = liquidity / 1'000 * (990 + dice.below(31));
    if (!output.pools && liquidity == 0) liquidity = *units_worth(dice.below(800'000), output);
    if (liquidity > 0 && dice.chance(800))
      members += R"(,"minLiquidity":")" + to_text(Decimal{liquidity, output.token.decimals}) + "\"";
  }
  if (dice.chance(333))
    members += R"(,"limitPrice":")" + to_text(price_near(input, output, dice)) + "\"";
  if (dice.chance(150)) members += R"(,"timeInForce":"ioc")";
  return members;
}

// From 6 % below the worth of the most input to 1 % above it.
void Submitter::ask_exact_output(const TokenInfo& input, const TokenInfo& output, Sent& sent) {
  const Decimal price = price_at(input, output, 9'400 + exact_dice_.below(701));
  const auto out = output_at(price, sent.submit.amount_in, output.token.decimals);
  if (out.ok() && *out > 0) sent.submit.exact_out = *out;
}

std::string Submitter::limit_members(const TokenInfo& input, const TokenInfo& output, bool expires,
                                     bool whole) {
  const Decimal price = price_near(input, output, limit_dice_);
  std::string members = R"(,"type":"limit","limitPrice":")" + to_text(price) + "\"";
  const bool parts = limit_dice_.chance(500) && !whole;
  const std::uint64_t kind = limit_dice_.below(4);
  if (kind == 0) return members + R"(,"timeInForce":"ioc")";
  if (kind == 1) return members + R"(,"timeInForce":"fok")";
  if (kind == 2) members += expires ? R"(,"timeInForce":"gtt")" : R"(,"timeInForce":"gtc")";
  return parts ? members + R"(,"allowPartial":true)" : members;
}

void Submitter::send(SimEngine& engine, std::size_t index) {
  Sent& sent = sent_[index];
  sent.in_flight = true;
  ++in_flight_;
  SimEngine::Request request;
  request.method = "POST";
  request.target = "/v1/orders";
  request.body = sent.body;
  if (sent.key_in_header) request.idempotency_key = sent.submit.key;
  const auto shard = static_cast<std::uint32_t>(environment_.dice.below(engine.shards()));
  trail_.add(environment_.time, "submit " + sent.submit.key + " to shard " + std::to_string(shard));
  const std::uint64_t ticket = checker_.sending(sent.submit);
  const bool stopping = engine.stopping();
  engine.request(
      shard, std::move(request),
      [this, index, ticket, stopping, connection = connection_, calm = calm_,
       sent_at = environment_.time.steady](HttpAnswer answer) {
        if (connection != connection_) return;
        if (calm) expect_prompt("the answer to " + sent_[index].submit.key, sent_at);
        if (stopping && answer.status == 202 && !has_header(answer, "Idempotent-Replayed"))
          checker_.report(
              {Invariant::stop_order, 0, "an order is accepted while the engine stops"});
        take(index, ticket, answer);
      });
}

void Submitter::take(std::size_t index, std::uint64_t ticket, const HttpAnswer& answer) {
  Sent& sent = sent_[index];
  sent.in_flight = false;
  --in_flight_;
  Coverage& coverage = environment_.coverage;
  if (!settling_ && !calm_ && environment_.dice.chance(environment_.plan.faults.answer_lost)) {
    coverage.hit(Point::answer_lost);
    trail_.add(environment_.time, "the answer to " + sent.submit.key + " is lost");
    return;
  }
  trail_.add(environment_.time, sent.submit.key + " is answered " + std::to_string(answer.status) +
                                    " " + answer.body.substr(0, 100));
  if (answer.status == 202) {
    const auto id = parse_order_id(member(answer.body, "orderId"));
    check(id.ok(), "a 202 names its order");
    const bool replayed = has_header(answer, "Idempotent-Replayed");
    coverage.hit(replayed ? Point::answer_replayed : Point::answer_accepted);
    checker_.answered_accepted(ticket, *id, std::stoull(member(answer.body, "seq")));
    sent.id = *id;
    sent.answered = true;
  } else if (answer.status == 503) {
    coverage.hit(Point::answer_unavailable);
  } else {
    const bool limited = breaks_limit(answer);
    coverage.hit(limited ? Point::answer_risk_limit : Point::answer_refused);
    if (limited && sent.id)
      checker_.report({Invariant::key_equal_answers, 0,
                       "a repeat of " + sent.submit.key + " is refused by a risk limit"});
    checker_.answered_refused(ticket);
    wrongly_refused_ += !sent.bad && !limited;
    sent.answered = true;
  }
}

// Sends another order under a taken key. It must be refused in every case.
void Submitter::clash(SimEngine& engine) {
  const Sent& sent = sent_[environment_.dice.below(sent_.size())];
  if (!sent.id) return;
  test::HistoryChecker::Submit other = sent.submit;
  other.amount_in.units += 1;
  SimEngine::Request request;
  request.method = "POST";
  request.target = "/v1/orders";
  request.body = body_of(other, to_text(other.amount_in), sent.key_in_header, {});
  if (sent.key_in_header) request.idempotency_key = other.key;
  const std::uint64_t ticket = checker_.sending(other);
  engine.request(
      0, std::move(request), [this, ticket, connection = connection_](HttpAnswer answer) {
        if (connection != connection_ || answer.status == 503) return;
        trail_.add(environment_.time, "a taken key is answered " + std::to_string(answer.status));
        if (answer.status == 422 && !breaks_limit(answer)) {
          environment_.coverage.hit(Point::answer_mismatch);
          checker_.answered_refused(ticket);
        } else {
          checker_.report({Invariant::key_equal_answers, 0,
                           "another order under a taken key: " + std::to_string(answer.status)});
        }
      });
}

// Moves a limit price, or the amount.
void Submitter::amend(SimEngine& engine) {
  std::size_t index = limit_dice_.below(sent_.size());
  if (stop_dice_.chance(500))  // mostly a stop order, if there is one
    for (std::size_t i = 0; i < sent_.size() && !sent_[index].stop; ++i)
      index = (index + 1) % sent_.size();
  const Sent& sent = sent_[index];
  if (!sent.id) return;
  const auto standing = checker_.standing(*sent.id);
  if (!standing) return;
  Decimal amount = sent.submit.amount_in;
  amount.units += limit_dice_.below(amount.units);
  SimEngine::Request request;
  request.method = "PATCH";
  request.target = "/v1/orders/" + to_text(*sent.id);
  request.if_match = "\"" + std::to_string(standing->version) + "\"";
  request.body = limit_dice_.chance(500)
                     ? (sent.submit.exact_out ? R"({"maxInput":")" : R"({"amount":")") +
                           to_text(amount) + "\"}"
                     : R"({"slippageBps":100,"expiresAt":")" +
                           format_rfc3339(environment_.time.wall() + Micros(60'000'000)) + "\"}";
  if (sent.stop && stop_dice_.chance(700)) {
    const TokenRegistry& tokens = sim_tokens();
    const Decimal price =
        price_at(*tokens.find(sent.submit.input_token), *tokens.find(sent.submit.output_token),
                 9'700 + stop_dice_.below(601));
    request.body = R"({"triggerPrice":")" + to_text(price) + "\"}";
  }
  const std::string what = request.method + " " + request.target;
  engine.request(0, std::move(request), [this, what, connection = connection_](HttpAnswer answer) {
    if (connection != connection_) return;
    trail_.add(environment_.time, what + " is answered " + std::to_string(answer.status));
    const auto is = [&](unsigned status) { return answer.status == status; };
    if (breaks_limit(answer)) environment_.coverage.hit(Point::change_risk_limit);
    if (!is(202) && !is(409) && !is(412) && !is(422) && !is(503))
      checker_.report({Invariant::log_acknowledged, 0,
                       what + " of an acknowledged order: " + std::to_string(answer.status)});
  });
}

// An order of good till cancelled need not end: those that rest are cancelled.
bool Submitter::cancel_resting(SimEngine& engine) {
  for (const OrderId& id : checker_.open_orders()) {
    if (checker_.standing(id)->phase != Phase::resting) continue;
    if (may_cancel && !may_cancel(id)) continue;
    SimEngine::Request request;
    request.method = "DELETE";
    request.target = "/v1/orders/" + to_text(id);
    engine.request(0, std::move(request), [](const HttpAnswer&) {});
    return true;
  }
  return false;
}

void Submitter::change(SimEngine& engine) {
  Dice& dice = environment_.dice;
  const Sent& sent = sent_[dice.below(sent_.size())];
  if (!sent.id) return;
  const std::string id = to_text(*sent.id);
  SimEngine::Request request;
  // A key belongs to one request: its repetitions, also after crashes, append nothing.
  switch (dice.below(7)) {
    case 0:
      request.idempotency_key = "cancel-" + id;
      [[fallthrough]];
    case 1:
      request.method = "DELETE";
      request.target = "/v1/orders/" + id;
      break;
    case 2:
      request.idempotency_key = "requeue-" + id;
      [[fallthrough]];
    case 3:
      request.method = "POST";
      request.target = "/v1/dead-letters/" + id + "/requeue";
      break;
    case 4:
      request.method = "DELETE";
      request.target = "/v1/dead-letters/" + id;
      break;
    case 5:
      request.method = "GET";
      request.target = "/v1/quote?inputToken=SOL&outputToken=USDC&amount=1.5";
      break;
    default:
      request.method = "GET";
      request.target = "/v1/orders/" + id;
      break;
  }
  const bool reads = request.method == "GET";
  const auto shard = static_cast<std::uint32_t>(dice.below(engine.shards()));
  const std::string what = request.method + " " + request.target;
  const std::string key = request.idempotency_key;
  const bool repeated = changed_.contains(key);
  engine.request(
      shard, std::move(request),
      [this, what, key, reads, repeated, connection = connection_, calm = calm_,
       sent_at = environment_.time.steady](HttpAnswer answer) {
        if (connection != connection_) return;
        if (calm) expect_prompt("the answer to " + what, sent_at);
        trail_.add(environment_.time, what + " is answered " + std::to_string(answer.status));
        if (!key.empty()) take_change(key, repeated, answer);
        if (answer.status == 409) environment_.coverage.hit(Point::answer_conflict);
        const bool limited = breaks_limit(answer) && what.ends_with("/requeue");
        if (limited) environment_.coverage.hit(Point::change_risk_limit);
        const bool refused =
            answer.status == 404 || answer.status == 400 || (answer.status == 422 && !limited);
        if (refused || (reads && answer.status != 200 && answer.status != 503))
          checker_.report({Invariant::log_acknowledged, 0,
                           what + " of an acknowledged order: " + std::to_string(answer.status)});
      });
}

// `repeated`: the key had its first answer before this request was sent.
void Submitter::take_change(const std::string& key, bool repeated, const HttpAnswer& answer) {
  if (answer.status == 503 || (answer.status == 409 && !repeated)) return;
  const auto first =
      answer.status == 202 ? changed_.emplace(key, answer.body).first : changed_.find(key);
  if (first != changed_.end() && first->second != answer.body)
    checker_.report({Invariant::key_equal_answers, 0,
                     "key " + key + " was answered " + first->second + ", and then " +
                         answer.body.substr(0, 200)});
}

void Submitter::expect_prompt(const std::string& what, SteadyTime sent) const {
  const Micros took = environment_.time.steady - sent;
  if (took > prompt_max)
    checker_.report(
        {Invariant::live_goes_on, 0, what + " took " + std::to_string(took.count()) + " us"});
}

void Submitter::connection_lost() {
  ++connection_;
  for (Sent& sent : sent_) sent.in_flight = false;
  in_flight_ = 0;
  next_at_ = environment_.time.steady + environment_.dice.micros(again_us);
}

// --- Watcher ------------------------------------------------------------------------------------

Watcher::Watcher(const SimEnvironment& environment, test::HistoryChecker& checker, Trail& trail,
                 bool one_order)
    : environment_(environment), checker_(checker), trail_(trail), one_order_(one_order) {}

bool Watcher::step(SimEngine* engine, SimGateway* gateway) {
  if ((engine == nullptr && gateway == nullptr) || environment_.time.steady < next_at_)
    return false;
  Dice& dice = environment_.dice;
  if (one_order_ && !subscriber_.order) {
    const std::vector<OrderId> open = checker_.open_orders();
    if (open.empty() && !settling_) return false;
    if (!open.empty()) subscriber_.order = open[dice.below(open.size())];
  }
  if (connection_ == nullptr) {
    environment_.coverage.hit(subscriber_.last == 0 ? Point::stream_joined : Point::stream_resumed);
    subscriber_.fresh = true;
    const bool at_gateway = gateway != nullptr && (engine == nullptr || dice.chance(500));
    trail_.add(environment_.time, "a stream begins after " + std::to_string(subscriber_.last) +
                                      (at_gateway ? " at the gateway" : ""));
    if (at_gateway) {
      environment_.coverage.hit(Point::stream_at_gateway);
      connection_ = std::make_shared<Connection>(*this, gateway->stream(), true);
      gateway->run(follow(connection_));
    } else {
      const auto shard = static_cast<std::uint32_t>(dice.below(engine->shards()));
      connection_ = std::make_shared<Connection>(*this, engine->stream(shard), false);
      engine->run(follow(connection_));
    }
  } else if (!settling_ && dice.chance(200)) {
    connection_lost();
  }
  next_at_ = environment_.time.steady + dice.micros(4 * think_us) + Micros(1);
  return true;
}

Task<void> Watcher::follow(std::shared_ptr<Connection> connection) {
  const bool begun = co_await connection->cursor.begin();
  if (!begun) co_return;
  const bool live = co_await connection->cursor.catch_up();
  Watcher* const watcher = connection->watcher;
  if (live && watcher != nullptr)
    watcher->checker_.stream_complete(watcher->subscriber_, connection->cursor.position());
}

bool Watcher::complete(Seq head) const {
  return connection_ && connection_->cursor.live() && connection_->hub.position() == head;
}

void Watcher::see(const Update& update) {
  checker_.streamed(subscriber_, update.seq, update.order_id, update.version, update.type);
}

void Watcher::Connection::on_update(const UpdatePtr& update, const SubscriptionOffset&) {
  if (watcher != nullptr) watcher->see(*update);
}

void Watcher::Connection::on_stream_lost(Seq, std::string_view) {
  if (watcher == nullptr) return;
  watcher->environment_.coverage.hit(Point::stream_lost);
  watcher->lost_ = std::exchange(watcher->connection_, nullptr);
}

Task<bool> Watcher::Connection::room() {
  co_return watcher != nullptr;
}

void Watcher::connection_lost() {
  if (const auto connection = std::exchange(connection_, nullptr)) {
    connection->watcher = nullptr;
    connection->cursor.end();
  }
  next_at_ = environment_.time.steady + environment_.dice.micros(again_us);
}

}  // namespace oee::sim
