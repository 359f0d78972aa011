// WebSocket and server-sent events: a subscription resumes at every seq, filters apply to history
// and live updates alike, and the offsets prove that nothing is missing.
#include <gtest/gtest.h>

#include "tests/api/push/test_stream.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/clients/sse_client.h"

namespace oee::test {
namespace {

enum class Transport { ws, ws_batch, sse };
constexpr Transport transports[] = {Transport::ws, Transport::ws_batch, Transport::sse};

// A subscription's parameters, for either transport.
struct SubscribeRequest {
  std::optional<OrderId> order;
  Seq after = 0;
  FilterNames filter;
};

std::string listed(const char* name, const std::vector<std::string>& values) {
  if (values.empty()) return {};
  std::string out = std::string(",\"") + name + "\":[";
  for (const std::string& value : values) out += (out.back() == '[' ? "\"" : ",\"") + value + '"';
  return out + "]";
}
std::string message_of(const SubscribeRequest& request, bool batch) {
  return std::string(R"({"type":"subscribe",)") +
         (request.order ? "\"orderId\":\"" + to_text(*request.order) + '"'
                        : "\"channel\":\"orders\"") +
         ",\"after\":" + std::to_string(request.after) + (batch ? ",\"batch\":true" : "") +
         listed("status", request.filter.status) + listed("token", request.filter.token) +
         listed("venue", request.filter.venue) + listed("account", request.filter.account) + "}";
}
// Statuses and venues as repeated parameters, tokens as a list.
std::string target_of(const SubscribeRequest& request) {
  std::string out = "/v1/stream?";
  out += request.order ? "orderId=" + to_text(*request.order) : std::string("channel=orders");
  out += "&after=" + std::to_string(request.after);
  for (const std::string& value : request.filter.status) out += "&status=" + value;
  std::string tokens;
  for (const std::string& value : request.filter.token)
    tokens += (tokens.empty() ? "&token=" : ",") + value;
  for (const std::string& value : request.filter.venue) out += "&venue=" + value;
  for (const std::string& value : request.filter.account) out += "&account=" + value;
  return out + tokens;
}

// One subscription over either transport, frame by frame.
class Subscriber {
 public:
  Subscriber(std::uint16_t port, Transport transport, const SubscribeRequest& request) {
    if (transport == Transport::sse) {
      sse_.emplace(port, target_of(request));
      return;
    }
    ws_.emplace(port);
    EXPECT_TRUE(ws_->upgraded());
    ws_->send_text(message_of(request, transport == Transport::ws_batch && !request.order));
  }
  // The next frame; empty: none within `seconds`.
  std::string frame(double seconds = 10) {
    if (sse_) {
      const auto event = sse_->next_event(seconds);
      return event ? event->data : std::string();
    }
    const auto next = ws_->next(seconds);
    return next ? std::string(next->payload) : std::string();
  }
  // Reads until the subscription has caught up and has at least `count` updates in all.
  void read(std::size_t count) {
    while (wrong.empty() && (!gaps.caught_up() || gaps.seqs().size() < count)) {
      frames.push_back(frame());
      wrong = frames.back().empty() ? "no frame came" : gaps.take(frames.back());
    }
  }
  GapChecker gaps;
  std::string wrong;
  std::vector<std::string> frames;

 private:
  std::optional<SseClient> sse_;
  std::optional<LeanSocket> ws_;
};

// Twelve orders with different tokens, venues and accounts. Two fail, one is cancelled.
SampleLog mixed_orders() {
  const std::pair<Symbol, Symbol> pairs[] = {{"SOL", "USDC"}, {"ETH", "SOL"}, {"JUP", "USDC"}};
  SampleLog sample;
  for (std::uint32_t step = 0; step < usual_steps; ++step) {
    for (std::uint64_t number = 1; number <= 12; ++number) {
      const VenueName venue = number % 2 == 0 ? "raydium" : "meteora";
      Event event = usual_event(order_id(number), step);
      if (auto* accepted = std::get_if<OrderAccepted>(&event)) {
        accepted->input.symbol = pairs[number % 3].first;
        accepted->output.symbol = pairs[number % 3].second;
        accepted->account = number % 4 == 0 ? "alice" : "bob";
      }
      if (auto* built = std::get_if<TransactionBuilt>(&event)) built->venue = venue;
      if (auto* submitted = std::get_if<TransactionSubmitted>(&event)) submitted->venue = venue;
      if (auto* confirmed = std::get_if<OrderConfirmed>(&event)) confirmed->venue = venue;
      OrderFailed failed;
      failed.attempt = failed.attempts_made = 1;
      if (step == 5 && number > 10) event = failed;
      if (number == 10 && step > 1) continue;
      if (number == 10 && step == 1) event = OrderCancelled{};
      sample.add(order_id(number), std::move(event));
    }
  }
  return sample;
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
// Computed from the records' JSON, not from the fields of Update.
std::vector<Seq> expected_seqs(const SampleLog& sample, const SubscribeRequest& request) {
  std::map<OrderId, std::vector<std::string>> tokens;
  std::map<OrderId, std::string> accounts;
  std::vector<Seq> seqs;
  for (const Record& record : sample.records()) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event)) {
      tokens[record.order_id] = {std::string(accepted->input.symbol),
                                 std::string(accepted->output.symbol)};
      accounts[record.order_id] = accepted->account;
    }
    const auto update = boost::json::parse(update_json(record)).as_object();
    const auto* dex = update.if_contains("dex");
    const std::string_view venue = dex ? std::string_view(dex->as_string()) : std::string_view();
    const auto& swap = tokens[record.order_id];
    const bool fits =
        (!request.order || *request.order == record.order_id) && record.seq > request.after &&
        (request.filter.status.empty() ||
         is_among(request.filter.status, std::string_view(update.at("status").as_string()))) &&
        (request.filter.token.empty() || is_among(request.filter.token, swap[0]) ||
         is_among(request.filter.token, swap[1])) &&
        (request.filter.venue.empty() || is_among(request.filter.venue, venue)) &&
        (request.filter.account.empty() ||
         is_among(request.filter.account, accounts[record.order_id]));
    if (fits) seqs.push_back(record.seq);
  }
  return seqs;
}

TEST(StreamOffsets, EveryTransportResumesAtEverySeqWithoutGapOrDuplicate) {
  const SampleLog sample = mixed_orders();
  for (const std::size_t ring : {std::size_t{8}, std::size_t{65'536}}) {
    TestStreamOptions options;
    options.stream.ring_updates_max = ring;
    TestStream stream(sample, options);
    for (Seq from = 1; from <= sample.head(); from += 4)
      stream.publish(from, std::min(from + 4, sample.head() + 1));
    ASSERT_TRUE(eventually([&] { return stream.position() == sample.head(); }));
    for (Seq after = 0; after <= sample.head(); ++after) {
      for (const Transport transport : transports) {
        for (const bool one : {false, true}) {
          SubscribeRequest request;
          request.after = after;
          if (one) request.order = order_id(1 + after % 12);
          Subscriber subscriber(stream.port(), transport, request);
          subscriber.read(0);
          ASSERT_EQ(subscriber.wrong, "") << after;
          ASSERT_EQ(subscriber.gaps.seqs(), expected_seqs(sample, request)) << after;
        }
      }
    }
  }
}

TEST(StreamOffsets, FiltersSelectTheSameFromHistoryAndLive) {
  const SampleLog sample = mixed_orders();
  const FilterNames filters[] = {
      {{"confirmed"}, {}, {}},
      {{"confirmed", "failed", "cancelled"}, {}, {}},
      {{"expired"}, {}, {}},
      {{}, {"SOL"}, {}},
      {{}, {"ETH", "JUP"}, {}},
      {{}, {"RAY"}, {}},
      {{}, {}, {"raydium"}},
      {{}, {}, {"raydium", "meteora"}},
      {{"submitted", "submitted"}, {"SOL"}, {"meteora"}},
      {{"failed"}, {}, {"raydium"}},
      {{}, {}, {}, {"alice"}},
      {{"confirmed"}, {"SOL"}, {}, {"alice", "nobody"}},
      {{}, {}, {}, {"nobody"}},
  };
  for (const FilterNames& filter : filters) {
    for (const Seq head : {Seq{0}, Seq{30}, sample.head()}) {
      TestStream stream(sample);
      for (Seq from = 1; from <= head; from += 10)
        stream.publish(from, std::min(from + 10, head + 1));
      ASSERT_TRUE(eventually([&] { return stream.position() == head; }));
      std::vector<std::unique_ptr<Subscriber>> subscribers;
      std::vector<SubscribeRequest> requests;
      for (const Transport transport : transports) {
        for (const auto& order : {std::optional<OrderId>(), std::optional(order_id(4))}) {
          if (order && head == 0) continue;  // there is no such order yet
          requests.push_back({order, head / 3, filter});
          subscribers.push_back(
              std::make_unique<Subscriber>(stream.port(), transport, requests.back()));
          subscribers.back()->read(0);
        }
      }
      if (head < sample.head()) stream.publish(head + 1, sample.head() + 1);
      for (std::size_t i = 0; i < subscribers.size(); ++i) {
        const auto expected = expected_seqs(sample, requests[i]);
        subscribers[i]->read(expected.size());
        EXPECT_EQ(subscribers[i]->wrong, "") << message_of(requests[i], false);
        EXPECT_EQ(subscribers[i]->gaps.seqs(), expected) << message_of(requests[i], false);
        EXPECT_EQ(subscribers[i]->frame(0.01), "") << message_of(requests[i], false);
      }
    }
  }
}

// The check of the offsets must fail when a frame is missing, comes twice or out of order.
TEST(StreamOffsets, EveryFrameThatIsLostRepeatedOrSwappedIsFound) {
  const SampleLog sample = mixed_orders();
  for (const Transport transport : transports) {
    for (const FilterNames& filter : {FilterNames(), FilterNames{{}, {"SOL"}, {}}}) {
      TestStream stream(sample);
      SubscribeRequest request;
      request.filter = filter;
      Subscriber subscriber(stream.port(), transport, request);
      subscriber.read(0);
      std::size_t count = 0;
      for (Seq from = 1; from <= sample.head(); from += 5) {
        const Seq end = std::min(from + 5, sample.head() + 1);
        stream.publish(from, end);
        while (count < expected_seqs(sample, request).size() &&
               expected_seqs(sample, request)[count] < end)
          ++count;
        subscriber.read(count);
      }
      ASSERT_EQ(subscriber.wrong, "");
      const auto wrong_with = [](const std::vector<std::string>& frames) {
        GapChecker gaps;
        for (const std::string& frame : frames)
          if (std::string wrong = gaps.take(frame); !wrong.empty()) return wrong;
        return std::string();
      };
      const std::vector<std::string>& frames = subscriber.frames;
      ASSERT_GT(frames.size(), 6U);
      for (std::size_t i = 1; i + 1 < frames.size(); ++i) {
        if (!frames[i].starts_with(R"({"type":"update)")) continue;
        std::vector<std::string> changed = frames;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_NE(wrong_with(changed), "") << "lost " << frames[i];
        changed = frames;
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), frames[i]);
        EXPECT_NE(wrong_with(changed), "") << "repeated " << frames[i];
        changed = frames;
        std::swap(changed[i], changed[i + 1]);
        EXPECT_NE(wrong_with(changed), "") << "swapped " << frames[i];
      }
    }
  }
}

TEST(StreamOffsets, WrongFiltersOfAMessageAreAnsweredByName) {
  const SampleLog sample = mixed_orders();
  TestStream stream(sample);
  stream.publish(1, sample.head() + 1);
  LeanSocket socket(stream.port());
  ASSERT_TRUE(socket.upgraded());
  const std::pair<std::string, std::string> cases[] = {
      {R"("channel":"orders","status":["done"])", R"(\"status\": \"done\" is none of pending)"},
      {R"("channel":"orders","status":"confirmed")", R"(\"status\" must be a list)"},
      {R"("channel":"orders","status":[])", R"(\"status\" must be a list)"},
      {R"("channel":"orders","status":[1])", R"(\"status\" must be a list)"},
      {R"("channel":"orders","token":["DOGE"])", R"(\"token\": \"DOGE\" is none of SOL)"},
      {R"("channel":"orders","token":["SOL","sol"])", R"(\"sol\" is none of)"},
      {R"("channel":"orders","venue":["uniswap"])", R"(\"uniswap\" is none of raydium)"},
      {R"("channel":"orders","venue":[""])", R"(\"\" is none of raydium)"},
      {R"("channel":"orders","account":[""])", R"(\"account\": must be 1 to 64)"},
      {R"("channel":"orders","account":["a b"])", R"(\"account\": must be 1 to 64)"},
      {"\"orderId\":\"" + to_text(order_id(1)) + R"(","status":["confirmed"])",
       R"(\"status\" of an order needs \"after\")"},
  };
  for (const auto& [members, expected] : cases) {
    socket.send_text(R"({"type":"subscribe",)" + members + "}");
    const auto frame = socket.next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_TRUE(frame->payload.starts_with(R"({"type":"error","code":"invalid")"))
        << frame->payload;
    EXPECT_NE(frame->payload.find(expected), std::string_view::npos) << frame->payload;
  }
  EXPECT_EQ(stream.subscriptions(), 0U);
}

}  // namespace
}  // namespace oee::test
