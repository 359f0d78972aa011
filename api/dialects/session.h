// The WebSocket session of a dialect with frames of its own (B to E, dialects.h). Loop's thread.
#pragma once

#include <memory>

#include "api/dialects/dialects.h"
#include "api/push/ws_socket.h"

namespace oee {

std::unique_ptr<WsSocket> make_dialect_session(const WsContext& context, WsMeters& meters,
                                               Socket socket, const Access::Entry& entry,
                                               DialectUpgrade upgrade);

}  // namespace oee
