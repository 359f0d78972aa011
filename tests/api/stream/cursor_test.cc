// What both faces of the stream promise: resumption at every seq, filters over past and live, and
// places that prove a gap.
#include <gtest/gtest.h>

#include "tests/api/push/test_stream.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/clients/sse_client.h"

namespace oee::test {
namespace {

enum class Way { ws, ws_batch, sse };
constexpr Way ways[] = {Way::ws, Way::ws_batch, Way::sse};

// What a subscription asks for, in the words of both faces.
struct Ask {
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
std::string message_of(const Ask& ask, bool batch) {
  return std::string(R"({"type":"subscribe",)") +
         (ask.order ? "\"orderId\":\"" + to_text(*ask.order) + '"' : "\"channel\":\"orders\"") +
         ",\"after\":" + std::to_string(ask.after) + (batch ? ",\"batch\":true" : "") +
         listed("status", ask.filter.status) + listed("token", ask.filter.token) +
         listed("venue", ask.filter.venue) + "}";
}
// Some as repeated parameters, some as a list.
std::string target_of(const Ask& ask) {
  std::string out = "/v1/stream?";
  out += ask.order ? "orderId=" + to_text(*ask.order) : std::string("channel=orders");
  out += "&after=" + std::to_string(ask.after);
  for (const std::string& value : ask.filter.status) out += "&status=" + value;
  std::string tokens;
  for (const std::string& value : ask.filter.token)
    tokens += (tokens.empty() ? "&token=" : ",") + value;
  for (const std::string& value : ask.filter.venue) out += "&venue=" + value;
  return out + tokens;
}

// One subscription, whichever way: its frames one after the other.
class Subscriber {
 public:
  Subscriber(std::uint16_t port, Way way, const Ask& ask) {
    if (way == Way::sse) {
      sse_.emplace(port, target_of(ask));
      return;
    }
    ws_.emplace(port);
    EXPECT_TRUE(ws_->upgraded());
    ws_->say(message_of(ask, way == Way::ws_batch && !ask.order));
  }
  // Empty: nothing came.
  std::string frame(double seconds = 10) {
    if (sse_) {
      const auto event = sse_->next_event(seconds);
      return event ? event->data : std::string();
    }
    const auto next = ws_->next(seconds);
    return next ? std::string(next->payload) : std::string();
  }
  // Reads on until it has caught up and, at least, has `count` updates in all.
  void read(std::size_t count) {
    while (wrong.empty() && (!gaps.caught_up() || gaps.seqs().size() < count)) {
      frames.push_back(frame());
      wrong = frames.back().empty() ? "nothing came" : gaps.take(frames.back());
    }
  }
  GapChecker gaps;
  std::string wrong;
  std::vector<std::string> frames;

 private:
  std::optional<SseClient> sse_;
  std::optional<LeanSocket> ws_;
};

// Twelve orders with tokens and venues of their own; two fail, one is cancelled.
SampleLog mixed_story() {
  const std::pair<Symbol, Symbol> pairs[] = {{"SOL", "USDC"}, {"ETH", "SOL"}, {"JUP", "USDC"}};
  SampleLog story;
  for (std::uint32_t step = 0; step < usual_steps; ++step) {
    for (std::uint64_t number = 1; number <= 12; ++number) {
      const VenueName venue = number % 2 == 0 ? "raydium" : "meteora";
      Event event = usual_event(step);
      if (auto* accepted = std::get_if<OrderAccepted>(&event)) {
        accepted->input.symbol = pairs[number % 3].first;
        accepted->output.symbol = pairs[number % 3].second;
      }
      if (auto* built = std::get_if<TransactionBuilt>(&event)) built->venue = venue;
      if (auto* submitted = std::get_if<TransactionSubmitted>(&event)) submitted->venue = venue;
      if (auto* confirmed = std::get_if<OrderConfirmed>(&event)) confirmed->venue = venue;
      OrderFailed failed;
      failed.attempt = failed.attempts_made = 1;
      if (step == 5 && number > 10) event = failed;
      if (number == 10 && step > 1) continue;
      if (number == 10 && step == 1) event = OrderCancelled{};
      story.add(order_id_of(number), std::move(event));
    }
  }
  return story;
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
// By the records' JSON, not by what updates carry.
std::vector<Seq> expected_seqs(const SampleLog& story, const Ask& ask) {
  std::map<OrderId, std::vector<std::string>> tokens;
  std::vector<Seq> seqs;
  for (const Record& record : story.records()) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
      tokens[record.order_id] = {std::string(accepted->input.symbol),
                                 std::string(accepted->output.symbol)};
    const auto update = boost::json::parse(update_json(record)).as_object();
    const auto* dex = update.if_contains("dex");
    const std::string_view venue = dex ? std::string_view(dex->as_string()) : std::string_view();
    const auto& swap = tokens[record.order_id];
    const bool fits =
        (!ask.order || *ask.order == record.order_id) && record.seq > ask.after &&
        (ask.filter.status.empty() ||
         is_among(ask.filter.status, std::string_view(update.at("status").as_string()))) &&
        (ask.filter.token.empty() || is_among(ask.filter.token, swap[0]) ||
         is_among(ask.filter.token, swap[1])) &&
        (ask.filter.venue.empty() || is_among(ask.filter.venue, venue));
    if (fits) seqs.push_back(record.seq);
  }
  return seqs;
}

TEST(StreamPlaces, EveryWayResumesAtEverySeqWithoutGapOrDuplicate) {
  const SampleLog story = mixed_story();
  for (const std::size_t ring : {std::size_t{8}, std::size_t{65'536}}) {
    StreamFaceOptions options;
    options.stream.ring_updates_max = ring;
    TestStream face(story, options);
    for (Seq from = 1; from <= story.end(); from += 4)
      face.publish(from, std::min(from + 4, story.end() + 1));
    ASSERT_TRUE(eventually([&] { return face.position() == story.end(); }));
    for (Seq after = 0; after <= story.end(); ++after) {
      for (const Way way : ways) {
        for (const bool one : {false, true}) {
          Ask ask;
          ask.after = after;
          if (one) ask.order = order_id_of(1 + after % 12);
          Subscriber subscriber(face.port(), way, ask);
          subscriber.read(0);
          ASSERT_EQ(subscriber.wrong, "") << after;
          ASSERT_EQ(subscriber.gaps.seqs(), expected_seqs(story, ask)) << after;
        }
      }
    }
  }
}

TEST(StreamPlaces, FiltersGiveTheSameOfThePastAndOfThePresent) {
  const SampleLog story = mixed_story();
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
  };
  for (const FilterNames& filter : filters) {
    for (const Seq past : {Seq{0}, Seq{30}, story.end()}) {
      TestStream face(story);
      for (Seq from = 1; from <= past; from += 10)
        face.publish(from, std::min(from + 10, past + 1));
      ASSERT_TRUE(eventually([&] { return face.position() == past; }));
      std::vector<std::unique_ptr<Subscriber>> subscribers;
      std::vector<Ask> asks;
      for (const Way way : ways) {
        for (const auto& order : {std::optional<OrderId>(), std::optional(order_id_of(4))}) {
          if (order && past == 0) continue;  // there is no such order yet
          asks.push_back({order, past / 3, filter});
          subscribers.push_back(std::make_unique<Subscriber>(face.port(), way, asks.back()));
          subscribers.back()->read(0);
        }
      }
      if (past < story.end()) face.publish(past + 1, story.end() + 1);
      for (std::size_t i = 0; i < subscribers.size(); ++i) {
        const auto expected = expected_seqs(story, asks[i]);
        subscribers[i]->read(expected.size());
        EXPECT_EQ(subscribers[i]->wrong, "") << message_of(asks[i], false);
        EXPECT_EQ(subscribers[i]->gaps.seqs(), expected) << message_of(asks[i], false);
        EXPECT_EQ(subscribers[i]->frame(0.01), "") << message_of(asks[i], false);
      }
    }
  }
}

// The proof must fail when something is missing, comes twice or out of order.
TEST(StreamPlaces, EveryFrameThatIsLostRepeatedOrSwappedIsFound) {
  const SampleLog story = mixed_story();
  for (const Way way : ways) {
    for (const FilterNames& filter : {FilterNames(), FilterNames{{}, {"SOL"}, {}}}) {
      TestStream face(story);
      Ask ask;
      ask.filter = filter;
      Subscriber subscriber(face.port(), way, ask);
      subscriber.read(0);
      std::size_t count = 0;
      for (Seq from = 1; from <= story.end(); from += 5) {
        const Seq end = std::min(from + 5, story.end() + 1);
        face.publish(from, end);
        while (count < expected_seqs(story, ask).size() && expected_seqs(story, ask)[count] < end)
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

TEST(StreamPlaces, WrongFiltersOfAMessageAreAnsweredByName) {
  const SampleLog story = mixed_story();
  TestStream face(story);
  face.publish(1, story.end() + 1);
  LeanSocket socket(face.port());
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
      {"\"orderId\":\"" + to_text(order_id_of(1)) + R"(","status":["confirmed"])",
       R"(\"status\" of an order needs \"after\")"},
  };
  for (const auto& [members, expected] : cases) {
    socket.say(R"({"type":"subscribe",)" + members + "}");
    const auto frame = socket.next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_TRUE(frame->payload.starts_with(R"({"type":"error","code":"invalid")"))
        << frame->payload;
    EXPECT_NE(frame->payload.find(expected), std::string_view::npos) << frame->payload;
  }
  EXPECT_EQ(face.subscriptions(), 0U);
}

}  // namespace
}  // namespace oee::test
