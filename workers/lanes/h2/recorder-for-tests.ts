import type { Duplex } from 'node:stream';
import type { HeaderField } from '../../../h2/hpack-decoder.ts';
import { H2Connection } from './connection.ts';
import type { ConnectionOptions, ConnectionOwner, Unprocessed } from './connection.ts';
import type { RequestTemplate } from './request-template.ts';

export interface TestJob {
  name: string;
}

export const apnsTemplate = (body = '{"aps":{"alert":"hello"}}', extra: [string, string][] = []): RequestTemplate => ({
  authority: 'localhost',
  path: '/3/device/',
  tokenIn: 'path',
  body: Buffer.from(body),
  bodyRest: Buffer.alloc(0),
  headers: [
    ['authorization', 'bearer test.jwt.token'],
    ['apns-topic', 'com.example.app'],
    ['apns-push-type', 'alert'],
    ...extra,
  ],
});

export const fcmTemplate = (): RequestTemplate => ({
  authority: 'localhost',
  path: '/v1/projects/p/messages:send',
  tokenIn: 'body',
  headers: [
    ['authorization', 'Bearer x'],
    ['content-type', 'application/json'],
  ],
  body: Buffer.from('{"message":{"token":"'),
  bodyRest: Buffer.from('","notification":{"title":"hi"}}}'),
});

/** An owner that sends `count` requests and writes down what became of each: the accounting that the pool must be able to rely on. */
export class Recorder implements ConnectionOwner<TestJob> {
  job: TestJob = { name: 'job' };
  index = -1;
  template: RequestTemplate;
  token = '';
  readonly fate = new Map<number, string>();
  readonly bodies = new Map<number, string | null>();
  readonly fields = new Map<number, readonly HeaderField[] | null>();
  readonly queue: number[] = [];
  taken = 0;
  readonly unprocessed: Unprocessed[] = [];
  signsOfLife = 0;
  drainingWhy: string | null = null;
  closedWhy: string | null = null;
  readonly connection: H2Connection<TestJob>;
  unlockOnAnswer = true;
  finish: 'now' | 'later' | 'never' = 'now';
  readonly #tokenOf: (index: number) => string;

  constructor(
    socket: Duplex,
    count: number,
    options: Partial<ConnectionOptions> = {},
    template: RequestTemplate = apnsTemplate(),
    tokenOf = (index: number) => index.toString(16).padStart(64, '0'),
  ) {
    this.template = template;
    this.#tokenOf = tokenOf;
    for (let index = 0; index < count; index += 1) this.queue.push(index);
    this.connection = new H2Connection<TestJob>(socket, { startStreams: 1, maxStreams: 1_000, ...options }, this);
  }

  take(): boolean {
    const next = this.queue.shift();
    if (next === undefined) return false;
    this.index = next;
    this.token = this.#tokenOf(next);
    this.taken += 1;
    return true;
  }

  mayFinish(): 'now' | 'later' | 'never' {
    return this.finish;
  }

  #settle(index: number, fate: string): void {
    const before = this.fate.get(index);
    if (before !== undefined) throw new Error(`request ${index} was ${before} and is now ${fate}`);
    this.fate.set(index, fate);
  }

  answered(
    _job: TestJob,
    index: number,
    status: number,
    fields: readonly HeaderField[] | null,
    body: string | null,
  ): void {
    if (this.unlockOnAnswer && status === 200) this.connection.unlock();
    this.bodies.set(index, body);
    this.fields.set(index, fields);
    this.#settle(index, String(status));
  }

  refused(_job: TestJob, index: number, why: Unprocessed): void {
    this.unprocessed.push(why);
    this.#settle(index, 'refused');
  }
  alive(): void {
    this.signsOfLife += 1;
  }
  lost(_job: TestJob, index: number, why: string): void {
    this.#settle(index, `lost: ${why}`);
  }
  room(): void {
    this.connection.fill(Date.now());
  }
  draining(_connection: H2Connection<TestJob>, why: string): void {
    this.drainingWhy = why;
  }
  closed(_connection: H2Connection<TestJob>, why: string): void {
    this.closedWhy = why;
  }

  /** Fates and how often each. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const fate of this.fate.values()) counts[fate] = (counts[fate] ?? 0) + 1;
    return counts;
  }

  /** Resolves when `condition` holds, looked at in every turn of the event loop; the test's own time-out bounds it. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
  }

  settled(count: number): Promise<void> {
    return this.until(() => this.fate.size >= count);
  }
}
