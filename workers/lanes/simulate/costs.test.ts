import { expect, test } from 'vitest';
import { COSTS } from './costs.ts';
import { NO_FAULTS, SIMULATION_DEFAULTS } from './question.ts';
import { simulate } from './simulate.ts';

const AT_ONCE = { kind: 'fixed', ms: 1 } as const;

/** CPU-µs of a push, as `npm run bench:lane` had them of the lane alone before reads were gathered, and how many went out a second: answers spread by a fifth, in steps of 1 ms. */
test.each([
  { connections: 60, streams: 100, ms: 30, us: 2.65, perSecond: 168_685 },
  { connections: 60, streams: 100, ms: 100, us: 4.24, perSecond: 51_577 },
  { connections: 60, streams: 1_000, ms: 100, us: 1.05, perSecond: 388_105 },
  { connections: 300, streams: 100, ms: 100, us: 3.38, perSecond: 217_111 },
])(
  'the documented costs give what the lane took with $connections × $streams at $ms ms',
  ({ connections, streams, ms, us, perSecond }) => {
    const latency = { kind: 'even', fromMs: ms * 0.8, toMs: ms * 1.2 } as const;
    const { push, read, write } = COSTS;
    const answer = simulate({
      ...SIMULATION_DEFAULTS,
      devices: 300_000,
      iosShare: 1,
      tasks: 1,
      cores: 2,
      connections,
      streams: { ios: streams, android: 100 },
      perConnection: 0,
      latency: { ios: latency, android: latency },
      faults: NO_FAULTS,
      cloud: { writesPerSecond: 1e6, storeCall: AT_ONCE, queueCall: AT_ONCE },
      costs: {
        push,
        read,
        write,
        call: 0,
        batch: 0,
        device: 0,
        authority: 0,
        helpers: 0,
        cold: { times: 0, ms: 1 },
        factor: 1,
      },
    });
    const found = (answer.cpuSeconds.sending * 1e6) / 300_000;
    expect(found).toBeGreaterThan(us * 0.8);
    expect(found).toBeLessThan(us * 1.2);
    // The bench's server needs a core too, so that the lane does no more than this.
    expect(answer.perSecond).toBeGreaterThan(perSecond * 0.95);
  },
);
