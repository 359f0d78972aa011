// The contract of every EventLog for appends: seqs, atomicity, versions, idempotency; and random
// appends against a model.
#include <map>
#include <random>

#include "tests/contract/event_log_contract.h"

namespace oee::contract {

INSTANTIATE_TEST_SUITE_P(, EventLogContract, ::testing::Values("rocks", "memory"),
                         [](const auto& tested) { return std::string(tested.param); });

// --- Order and atomicity ----------------------------------------

TEST_P(EventLogContract, SeqsAreContiguousFromOneAndVersionsPerOrder) {
  start();
  EXPECT_EQ(log().wait_past(0, std::chrono::milliseconds(0)), 0U);
  auto first = append(1, 0, {new_order(), RoutingStarted{1}});
  auto second = append(2, 0, {new_order()});
  auto third = append(1, 2, {OrderCancelled{"me", "why"}});
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  EXPECT_EQ(first->first_seq, 1U);
  EXPECT_EQ(first->last_seq, 2U);
  EXPECT_EQ(first->version, 2U);
  EXPECT_FALSE(first->replayed);
  EXPECT_EQ(second->first_seq, 3U);
  EXPECT_EQ(second->version, 1U);
  EXPECT_EQ(third->first_seq, 4U);
  EXPECT_EQ(third->order_id, test::order_id(1));
  EXPECT_EQ(third->version, 3U);
  const auto records = all_records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].version, 2U);
  EXPECT_EQ(records[1].order_id, test::order_id(1));
  EXPECT_TRUE(std::holds_alternative<OrderCancelled>(records[3].event));
}

TEST_P(EventLogContract, EveryFieldOfARecordIsKept) {
  start();
  auto request = request_of(1, 0, {new_order("k", "c")});
  request.correlation.bytes.fill(9);
  ASSERT_TRUE(append(request).ok());
  restart();
  const auto record = all_records().at(0);
  EXPECT_EQ(record.correlation, request.correlation);
  EXPECT_EQ(record.time, clock_.now());
  EXPECT_EQ(encode_event(record.event)->payload, encode_event(request.events[0])->payload);
}

TEST_P(EventLogContract, AnAppendIsAllOrNothing) {
  start();
  ASSERT_TRUE(append(1, 0, {new_order()}).ok());
  auto stale = append(1, 0, {new_order(), RoutingStarted{1}, OrderCancelled{}});
  EXPECT_EQ(stale.error().code, Errc::conflict);
  auto ahead = append(1, 2, {RoutingStarted{1}, OrderCancelled{}});
  EXPECT_EQ(ahead.error().code, Errc::conflict);
  EXPECT_EQ(all_records().size(), 1U);
  EXPECT_EQ(append(1, 1, {RoutingStarted{1}})->first_seq, 2U);
}

TEST_P(EventLogContract, InvalidShapesAreRefusedAndWriteNothing) {
  start();
  std::vector<Event> many(17, RoutingStarted{1});
  EXPECT_EQ(append(1, 0, {}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, many).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 0, {RoutingStarted{1}}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, {new_order()}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 0, {new_order(), new_order()}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, {OutcomeUnknown{1, std::string(5'000, 'x')}}).error().code, Errc::invalid);
  EXPECT_TRUE(all_records().empty());
  many.resize(15);
  many.insert(many.begin(), new_order());
  EXPECT_EQ(append(1, 0, many)->last_seq, 16U);
}

TEST_P(EventLogContract, TimeNeverDecreases) {
  start();
  const auto at = clock_.now();
  put(1, 0, {new_order()});
  clock_.set_wall(WallTime(Micros(5)));
  put(1, 1, {RoutingStarted{1}});
  restart();
  put(1, 2, {OrderCancelled{}});
  clock_.set_wall(at + Micros(7));
  put(2, 0, {new_order()});
  const auto records = all_records();
  EXPECT_EQ(records[1].time, at);
  EXPECT_EQ(records[2].time, at);
  EXPECT_EQ(records[3].time, at + Micros(7));
}

// --- Expected versions ----------------------------------------

TEST_P(EventLogContract, OfTwoAppendsAtOneVersionOneWins) {
  start();
  put(1, 0, {new_order()});
  Call& first = send(request_of(1, 1, {RoutingStarted{1}}));
  Call& second = send(request_of(1, 1, {OrderCancelled{}}));
  settle();
  EXPECT_TRUE(first.answer->ok());
  EXPECT_EQ(second.answer->error().code, Errc::conflict);
}

TEST_P(EventLogContract, AppendsBuildOnEarlierOnesOfTheSameBatch) {
  // Before start() everything queues up: one batch.
  Call& a = send(request_of(1, 0, {new_order()}));
  Call& taken = send(request_of(1, 0, {new_order()}));
  Call& b = send(request_of(2, 0, {new_order()}));
  start();
  settle();
  EXPECT_TRUE(a.answer->ok());
  EXPECT_EQ(taken.answer->error().code, Errc::conflict);
  EXPECT_EQ((*b.answer)->first_seq, 2U);
}

TEST_P(EventLogContract, AnAppendWithATimeLimitIsInTimeOrAConflict) {
  start();
  put(1, 0, {new_order()});
  AppendRequest late = request_of(1, 1, {RoutingStarted{1}});
  late.before = WallTime{};
  EXPECT_EQ(append(std::move(late)).error().code, Errc::conflict);
  AppendRequest in_time = request_of(1, 1, {RoutingStarted{1}});
  in_time.before = WallTime::max();
  EXPECT_EQ(append(std::move(in_time))->version, 2U);
  AppendRequest early = request_of(1, 2, {RoutingStarted{1}});
  early.not_before = WallTime::max();
  EXPECT_EQ(append(std::move(early)).error().code, Errc::conflict);
  AppendRequest due = request_of(1, 2, {RoutingStarted{1}});
  due.not_before = WallTime{};
  EXPECT_EQ(append(std::move(due))->version, 3U);
}

TEST_P(EventLogContract, AnOrderThatEndedKeepsItsVersion) {
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  Call& end = send(request_of(1, 2, {OrderFailed{1, ErrorClass::invalid_order, "x", 1}}));
  Call& stale = send(request_of(1, 2, {OrderCancelled{}}));
  settle();
  EXPECT_TRUE(end.answer->ok());
  EXPECT_EQ(stale.answer->error().code, Errc::conflict);
  // Ended orders are removed from memory with the next batch.
  put(2, 0, {new_order()});
  put(3, 0, {new_order()});
  EXPECT_EQ(append(1, 2, {DeadLetterRequeued{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 4, {DeadLetterRequeued{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 0, {new_order()}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 3, {DeadLetterRequeued{}})->version, 4U);
  EXPECT_EQ(append(1, 3, {DeadLetterDiscarded{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 4, {RoutingStarted{2}})->version, 5U);
}

// Ids rise with time, but not strictly: the ids of two shards may reach the log in another order.
TEST_P(EventLogContract, OrdersAreNewOnceInWhateverOrderOfTheirIds) {
  start();
  put(5, 0, {new_order(), OrderCancelled{}});
  put(3, 0, {new_order()});
  put(9, 0, {new_order(), OrderCancelled{}});
  put(7, 0, {new_order(), OrderCancelled{}});
  for (int round = 0; round < 2; ++round) {
    for (const std::uint64_t known : {3, 5, 7, 9})
      EXPECT_EQ(append(known, 0, {new_order()}).error().code, Errc::conflict) << known;
    put(round == 0 ? 4 : 8, 0, {new_order()});
    restart();
  }
}

TEST_P(EventLogContract, VersionsAreKnownAfterARestart) {
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  restart();
  EXPECT_EQ(append(1, 1, {OrderCancelled{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 3, {OrderCancelled{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 0, {new_order()}).error().code, Errc::conflict);
  EXPECT_EQ(append(7, 1, {OrderCancelled{}}).error().code, Errc::conflict) << "no such order";
  EXPECT_EQ(append(1, 2, {OrderCancelled{}})->version, 3U);
}

// --- Idempotency ----------------------------------------

TEST_P(EventLogContract, TheSameKeyAndFingerprintGetTheFirstAnswerAlsoAfterRestarts) {
  start();
  const auto first = append(1, 0, {new_order("key", "client")});
  put(1, 1, {RoutingStarted{1}});
  expect_replay_of(first, append(2, 0, {new_order("key", "client")}));
  expect_replay_of(first, append(3, 0, {new_order("key")}));
  expect_replay_of(first, append(4, 0, {new_order("", "client")}));
  restart();
  expect_replay_of(first, append(5, 0, {new_order("key", "client")}));
  restart();
  expect_replay_of(first, append(1, 0, {new_order("key", "client")}));
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, ADuplicateInFlightGetsTheFirstAnswer) {
  Call& first = send(request_of(1, 0, {new_order("key")}));
  Call& again = send(request_of(2, 0, {new_order("key")}));
  Call& by_client = send(request_of(3, 0, {new_order("other", "client")}));
  Call& by_client_again = send(request_of(4, 0, {new_order("", "client")}));
  Call& mismatch = send(request_of(5, 0, {new_order("key", "", 2)}));
  Call& keyless = send(request_of(6, 0, {new_order()}));
  start();
  settle();
  expect_replay_of(*first.answer, *again.answer);
  expect_replay_of(*by_client.answer, *by_client_again.answer);
  EXPECT_EQ(mismatch.answer->error().code, Errc::key_mismatch);
  EXPECT_FALSE((*keyless.answer)->replayed);
  EXPECT_EQ(all_records().size(), 3U);
}

TEST_P(EventLogContract, AKeyUsedWithAnotherOrderIsAMismatch) {
  start();
  put(1, 0, {new_order("k1", "c1", 1)});
  put(2, 0, {new_order("k2", "c2", 1)});
  EXPECT_EQ(append(3, 0, {new_order("k1", "", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("", "c1", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("fresh", "c1", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("k1", "c2", 1)}).error().code, Errc::key_mismatch)
      << "two keys that belong to two orders";
  restart();
  EXPECT_EQ(append(3, 0, {new_order("k1", "", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("k1", "c2", 1)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, KeysOfDifferentAccountsAndKindsDoNotMeet) {
  start();
  put(1, 0, {new_order("x")});
  auto other_account = new_order("x", "", 2);
  other_account.account = "another";
  EXPECT_FALSE(append(2, 0, {other_account})->replayed);
  EXPECT_FALSE(append(3, 0, {new_order("", "x", 3)})->replayed);
  // The boundary between account and key counts.
  auto shifted = new_order("defaultx", "", 4);
  shifted.account = "";
  EXPECT_FALSE(append(4, 0, {shifted})->replayed);
}

OrderCancelled cancel(std::string key, std::uint8_t what = 1) {
  OrderCancelled event{"default", "why", std::move(key)};
  event.fingerprint.fill(what);
  return event;
}
DeadLetterRequeued requeue(std::string key, std::uint8_t what = 1) {
  DeadLetterRequeued event{"default", "why", std::move(key)};
  event.fingerprint.fill(what);
  return event;
}
const OrderFailed failed{1, ErrorClass::invalid_order, "x", 1};

TEST_P(EventLogContract, AChangeIsAppendedOnceForItsKeyAlsoAfterRestarts) {
  start();
  put(1, 0, {new_order(), RoutingStarted{1}, failed});
  const auto first = append(1, 3, {requeue("key")});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->first_seq, 4U);
  EXPECT_FALSE(first->replayed);
  put(1, 4, {RoutingStarted{2}, failed});
  for (int round = 0; round < 2; ++round) {
    // At the current version, where a requeue is legal again; at an old one; at none.
    for (const Version version : {Version{6}, Version{3}, no_version})
      expect_replay_of(first, append(1, version, {requeue("key")}));
    EXPECT_EQ(append(1, 6, {requeue("key", 2)}).error().code, Errc::key_mismatch);
    EXPECT_EQ(append(2, 0, {new_order("key", "", 2)}).error().code, Errc::key_mismatch);
    restart();
  }
  EXPECT_EQ(all_records().size(), 6U);
  EXPECT_EQ(append(1, 6, {requeue("another key")})->first_seq, 7U);
}

TEST_P(EventLogContract, TwoChangesInFlightWithOneKeyAreOne) {
  start();
  put(1, 0, {new_order()});
  Call& first = send(request_of(1, 1, {cancel("key")}));
  Call& again = send(request_of(1, 1, {cancel("key")}));
  Call& asks = send(request_of(1, no_version, {cancel("key")}));
  Call& mismatch = send(request_of(1, 1, {cancel("key", 2)}));
  settle();
  EXPECT_FALSE((*first.answer)->replayed);
  expect_replay_of(*first.answer, *again.answer);
  expect_replay_of(*first.answer, *asks.answer);
  EXPECT_EQ(mismatch.answer->error().code, Errc::key_mismatch);
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, NothingIsAppendedAtNoVersion) {
  start();
  put(1, 0, {new_order()});
  EXPECT_EQ(append(1, no_version, {cancel("key")}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, no_version, {cancel("")}).error().code, Errc::conflict);
  EXPECT_EQ(append(9, no_version, {cancel("key")}).error().code, Errc::conflict) << "no order";
  EXPECT_EQ(all_records().size(), 1U);
  EXPECT_FALSE(append(1, 1, {cancel("key")})->replayed) << "the question does not use the key";
  EXPECT_EQ(append(1, 2, {RoutingStarted{1}, cancel("k")}).error().code, Errc::invalid)
      << "only the first event may have a key";
}

TEST_P(EventLogContract, AKeyThatComesWithAKnownClientOrderIdIsBoundToItsOrder) {
  start();
  const auto first = append(1, 0, {new_order("k1", "client")});
  EXPECT_EQ(append(2, 0, {new_order("k2", "client", 9)}).error().code, Errc::key_mismatch);
  EXPECT_FALSE(append(2, 0, {new_order("k2", "", 9)})->replayed) << "a mismatch binds no key";
  Call& binds = send(request_of(3, 0, {new_order("k3", "client")}));
  Call& alone = send(request_of(3, 0, {new_order("k3")}));
  settle();
  expect_replay_of(first, *binds.answer);
  expect_replay_of(first, *alone.answer);
  restart();
  expect_replay_of(first, append(4, 0, {new_order("k3")}));
  expect_replay_of(first, append(4, 0, {new_order("k3", "client")}));
  expect_replay_of(first, append(4, 0, {new_order("k1", "client")}));
  EXPECT_EQ(append(4, 0, {new_order("k3", "", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(1, 1, {cancel("k3", 9)}).error().code, Errc::key_mismatch);
  EXPECT_FALSE(append(5, 0, {new_order("", "another client")})->replayed);
  EXPECT_EQ(all_records().size(), 3U);
}

// A replay would promise that the new id names the first order; a retry by the id alone would then
// be a second order.
TEST_P(EventLogContract, AKnownKeyWithANewClientOrderIdIsAMismatch) {
  start();
  put(1, 0, {new_order("key")});
  put(2, 0, {new_order("key-2", "client-2")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(append(3, 0, {new_order("key", "new")}).error().code, Errc::key_mismatch);
    EXPECT_EQ(append(3, 0, {new_order("key-2", "new")}).error().code, Errc::key_mismatch);
    restart();
  }
  const auto by_client = append(4, 0, {new_order("", "client-4")});
  EXPECT_EQ(append(5, 0, {new_order("key-5", "client-4")})->order_id, by_client->order_id);
  EXPECT_EQ(append(5, 0, {new_order("key-5", "new")}).error().code, Errc::key_mismatch)
      << "a bound key";
  EXPECT_FALSE(append(6, 0, {new_order("", "new")})->replayed) << "a mismatch binds no id";
  EXPECT_EQ(all_records().size(), 4U);
}

// --- Against a model ----------------------------------------

TEST_P(EventLogContract, RandomAppendsAgreeWithASimpleModel) {
  std::mt19937_64 random(42);
  start();
  std::map<std::uint64_t, Version> versions;
  std::map<std::string, std::pair<std::uint64_t, std::uint8_t>> keys;
  std::size_t events = 0;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t order = random() % 40;
      const Version now = versions[order];
      const Version expected = random() % 4 == 0 ? static_cast<Version>(random() % 4) : now;
      if (expected == 0) {
        const std::string key = "k" + std::to_string(random() % 30);
        const auto what = static_cast<std::uint8_t>(random() % 8 == 0);
        const auto answer = append(order, 0, {new_order(key, "", what)});
        if (const auto known = keys.find(key); known != keys.end()) {
          if (known->second.second != what) {
            EXPECT_EQ(answer.error().code, Errc::key_mismatch);
          } else {
            EXPECT_TRUE(answer->replayed);
            EXPECT_EQ(answer->order_id, test::order_id(known->second.first));
          }
        } else if (now != 0) {
          EXPECT_EQ(answer.error().code, Errc::conflict);
        } else {
          ASSERT_TRUE(answer.ok());
          EXPECT_EQ(answer->first_seq, ++events);
          versions[order] = 1;
          keys[key] = {order, what};
        }
      } else {
        // Ends and reopenings in any order: the log does not check the lifecycle.
        Event event = RoutingStarted{1};
        if (random() % 3 == 0) event = OrderFailed{1, ErrorClass::no_liquidity, "", 1};
        const auto answer = append(order, expected, {event});
        if (expected == now) {
          ASSERT_TRUE(answer.ok());
          EXPECT_EQ(answer->last_seq, ++events);
          EXPECT_EQ(answer->version, ++versions[order]);
        } else {
          EXPECT_EQ(answer.error().code, Errc::conflict);
        }
      }
    }
    if (round % 20 == 19) restart();
  }
  EXPECT_EQ(all_records().size(), events);
  for (const auto& [order, version] : versions)
    EXPECT_EQ(log().read_order(test::order_id(order))->size(), version);
}

}  // namespace oee::contract
