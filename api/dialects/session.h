// DialectSessions: the WebSocket sessions of the dialects with frames of their own (B to E,
// dialects.h). Stateless; loop's thread.
#pragma once

#include "api/push/ws_context.h"

namespace oee {

class DialectSessions final : public WsSessionFactory {
 public:
  bool serves(std::string_view target) const override;
  std::unique_ptr<WsSocket> make_session(const WsContext& context, WsMetrics& metrics,
                                         Socket socket, const Access::Entry& entry,
                                         std::string_view target) const override;
};

}  // namespace oee
