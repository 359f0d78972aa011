// The messages on Redis: an update in a CloudEvents 1.0 JSON envelope, and the head announcement.
// Pure. Any thread.
//
//   {"specversion":"1.0","id":"<log id>/<seq>","source":"urn:oee:log:<log id>",
//    "type":"io.oee.order.OrderConfirmed.v1","subject":"<order id>","time":"<RFC 3339>",
//    "datacontenttype":"application/json","sequence":"00000000000000000042",
//    "epoch":"<16 hex>","traceparent":"00-<32 hex>-<seq, 16 hex>-00","correlationid":"<32 hex>",
//    "inputtoken":"SOL","outputtoken":"USDC","account":"default",
//    "data":{...the WebSocket update...}}
//
// `sequence` is the CloudEvents extension of that name (20 digits, so that it sorts as text).
// `epoch` is that of the log, zeros when it was never restored: after a restore the same ids name
// other events. An engine of an earlier release sends none, which means zeros.
// `traceparent` is the attribute of the distributed tracing extension; `correlationid` is its trace
// id alone. Both are left out when the request had no trace. A token or the account is left out
// when unknown.
#pragma once

#include <string>
#include <string_view>

#include "core/order/update.h"

namespace oee {

// Appends the envelope of one update.
void append_push(std::string& out, const LogIdentity& log_id, const Update& update);

struct PushMessage {
  LogIdentity log_id;
  Update update;  // as it was passed to append_push(); json is equal byte for byte
};
// Any bytes. Accepts members of the envelope in any order and ignores unknown ones. invalid: longer
// than 256 KiB, not JSON, a member is missing or malformed, a seq is 0 or above 2^63 - 1, the data
// is not one line of an update's JSON, or the envelope and its data disagree.
Result<PushMessage> decode_push(std::string_view message);

// {"logId":"<32 hex>","epoch":"<16 hex>","seq":N}. decode_head_message() returns `invalid` for any
// other shape, and for a seq above 2^63 - 1. The epoch may be missing.
std::string encode_head_message(const LogIdentity& log_id, Seq head);
struct HeadMessage {
  LogIdentity log_id;
  Seq head = 0;
};
Result<HeadMessage> decode_head_message(std::string_view message);

}  // namespace oee
