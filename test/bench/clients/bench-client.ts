/** Where and as whom a client under measurement sends. Passed to it as JSON. */
export interface Target {
  apnsUrl: string;
  fcmUrl: string;
  /** CA certificate, PEM. */
  ca: string;
  /** `bearer …`, valid for a local provider. */
  apnsAuthorization: string;
  fcmAuthorization: string;
  projectId: string;
  apnsKey: { pem: string; keyId: string; teamId: string };
  /** Of our lane; the packages open what they open by themselves. */
  connections: number;
  /** Every so many devices one is unregistered; 0: none. */
  unregisteredEvery: number;
  /** Distinguishes the tokens of processes that send at the same time. */
  part: number;
}

export interface BenchClient {
  /** Sends until `isOver` says so, then waits for the last answer. Returns how many were answered as they should be; throws when one was not. */
  send(isOver: () => boolean): Promise<number>;
  close(): Promise<void>;
}

export type Open = (target: Target) => Promise<BenchClient>;

export const TOPIC = 'com.example.app';
export const TITLE = 'Did you see that?';
export const BODY = 'Do your lesson. You know who is watching.';
export const apnsPayload = {
  aps: { alert: { title: TITLE, body: BODY }, sound: 'default' },
  link: 'lingo://lesson/next',
  gobutton: { launch: 'bench', shot: 'shot-1' },
};
export const fcmMessage = {
  notification: { title: TITLE, body: BODY },
  data: { link: 'lingo://lesson/next', gobutton_launch: 'bench', gobutton_shot: 'shot-1' },
  android: { priority: 'high' as const, collapseKey: 'bench', notification: { tag: 'bench' } },
};
export const apnsHeaders = {
  'apns-topic': TOPIC,
  'apns-push-type': 'alert',
  'apns-priority': '10',
  'apns-expiration': '0',
  'apns-collapse-id': 'bench',
};

/** A device token that no other call of any process makes. */
export class Tokens {
  #next: number;
  readonly #unregisteredEvery: number;
  constructor({ part, unregisteredEvery }: Pick<Target, 'part' | 'unregisteredEvery'>) {
    // 32 bits are plenty for a run and make eight hex digits.
    this.#next = 0x10000000 * (part + 1);
    this.#unregisteredEvery = unregisteredEvery;
  }

  /** The first of `count` numbers. */
  take(count: number): number {
    const from = this.#next;
    this.#next += count;
    return from;
  }

  isUnregistered(number: number): boolean {
    return this.#unregisteredEvery > 0 && number % this.#unregisteredEvery === 0;
  }

  apns(number: number): string {
    return `${this.isUnregistered(number) ? 'dead00' : 'a1b2c3'}${'0'.repeat(50)}${number.toString(16)}`;
  }

  fcm(number: number): string {
    return `${this.isUnregistered(number) ? 'dead00' : 'cccccc'}${'c'.repeat(16)}:APA91b${'0'.repeat(126)}${number.toString(16)}`;
  }
}

/** Keeps `atOnce` calls of `one` going until it is over: how clients with a promise per notification are driven. */
export async function keepGoing(atOnce: number, isOver: () => boolean, one: () => Promise<void>): Promise<number> {
  let count = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (!isOver()) {
        await one();
        count += 1;
      }
    }),
  );
  return count;
}
