// One idempotency key for one content of a request: sending it again after a lost answer does
// nothing twice. Call `done` after an answer.
export class IdempotencyKey {
  private body = "";
  private key = "";

  of(body: string): string {
    if (this.body !== body || !this.key) {
      this.body = body;
      this.key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join("");
    }
    return this.key;
  }
  done(): void {
    this.key = "";
  }
}
