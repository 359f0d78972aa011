#include "core/exec/appender.h"

namespace oee {

Appender::Appender(EventLog& log, Loop& loop)
    : log_(log),
      mailbox_(loop, [this](std::vector<Delivery> deliveries) { take(std::move(deliveries)); }) {}

void Appender::deliver(BlockPtr block, std::vector<Answer> answers) {
  mailbox_.put(Delivery{std::move(block), std::move(answers)});
}

void Appender::take(std::vector<Delivery> deliveries) {
  // Fold all blocks first, then wake the waiters: a waiter may append again at once and needs the
  // newest state.
  for (const Delivery& delivery : deliveries) {
    if (!delivery.block) continue;
    for (BlockObserver* observer : observers_) observer->on_block(*delivery.block);
  }
  for (Delivery& delivery : deliveries) {
    for (Answer& answer : delivery.answers) {
      auto* awaiter = static_cast<Awaiter*>(answer.ticket);
      awaiter->answer_.emplace(std::move(answer.result));
      --in_flight_;
      awaiter->waiter_.resume();
    }
  }
}

}  // namespace oee
