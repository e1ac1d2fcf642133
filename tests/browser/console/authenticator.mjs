// An authenticator app: the codes of a secret (RFC 6238), each given out once.
import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Seconds that a code lasts. */
const STEP = 30;
const now = () => Math.floor(Date.now() / 1000 / STEP);

export class Authenticator {
  #secret;
  #last = 0;

  /** `secret`: in base32, as the console shows it. */
  constructor(secret) {
    const bits = [...secret.replace(/\s/g, '')].map((char) => ALPHABET.indexOf(char).toString(2).padStart(5, '0')).join('');
    this.#secret = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  }

  /**
   * A code that was not used before. The server accepts the steps before and after its own too, so there are three at once;
   * after these, this waits for the next step.
   */
  async next() {
    // Not in the last second of a step, which may be over when the server receives the code.
    while (this.#last > now() || Date.now() % (STEP * 1000) > (STEP - 1) * 1000) await pause(100);
    this.#last = Math.max(now() - 1, this.#last + 1);
    return this.#code(this.#last);
  }

  /** The code that `next` returned last. */
  get used() {
    return this.#code(this.#last);
  }

  /** Six digits that the server does not accept. */
  get wrong() {
    const right = [-2, -1, 0, 1, 2].map((offset) => this.#code(now() + offset));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code));
  }

  #code(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const hash = createHmac('sha1', this.#secret).update(counter).digest();
    const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, '0');
  }
}
