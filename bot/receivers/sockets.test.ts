import { setTimeout as pause } from 'node:timers/promises';
import { App } from '@slack/bolt';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { person, SECRETS, startTestWorkspace, until } from '../../infra/local/slack/for-tests.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { slackLogger } from '../slack/slack-client.ts';
import { fixedToken } from '../slack/slack-token.ts';
import { SocketReceivers } from './sockets.ts';

const log = pino({ level: 'silent' });

function receivers(
  apiUrl: string,
  more: { steadyMs?: number; helloWithinMs?: number; log?: Logger } = {},
): { sockets: SocketReceivers; app: App } {
  const { log: socketLog = log, ...rest } = more;
  const sockets = new SocketReceivers({
    appToken: fixedToken(SECRETS.appToken),
    apiUrl,
    connections: 2,
    logger: slackLogger(log),
    log: socketLog,
    nowMs: () => Date.now(),
    ...rest,
  });
  const app = new App({
    authorize: async () => ({ botToken: SECRETS.botToken }),
    receiver: sockets,
    logger: slackLogger(log),
    clientOptions: { slackApiUrl: apiUrl },
  });
  return { sockets, app };
}

describe('several sockets to Slack', () => {
  it('wait out an outage at the start without ending the process, and open both once Slack is there', async () => {
    const first = await startTestWorkspace();
    const { port, apiUrl } = first;
    await first.stop();
    const { sockets, app } = receivers(apiUrl);
    const started = Promise.resolve(app.start());
    expect(sockets.open).toBe(0);
    const workspace = await startTestWorkspace({ port });
    try {
      await started;
      await until('both sockets', () => sockets.open === 2);
    } finally {
      await app.stop();
      await workspace.stop();
    }
  });

  it.each(['cut', 'refresh_requested'] as const)(
    'come back after %s, and commands are answered all the while by the other',
    async (how) => {
      const workspace = await startTestWorkspace();
      const { sockets, app } = receivers(workspace.apiUrl);
      app.command('/go', async ({ ack }) => ack('here'));
      try {
        await app.start();
        await until('both sockets', () => sockets.open === 2 && workspace.connectionCount() === 2);
        workspace.refreshConnections(how);
        await until('both sockets again', () => sockets.open === 2 && workspace.connectionCount() === 2);
        expect(await person(workspace, 'U0ONCALL').go('help')).toMatchObject({ ok: true, response: { text: 'here' } });
      } finally {
        await app.stop();
        await workspace.stop();
      }
    },
  );

  it('stop at once while Slack is away', secondTry(A_WAIT), async () => {
    const first = await startTestWorkspace();
    await first.stop();
    const { app } = receivers(first.apiUrl);
    void app.start();
    const startMs = performance.now();
    await app.stop();
    expect(performance.now() - startMs).toBeLessThan(1_800);
  });

  /** Lines of the log, as a person reads them. */
  function keptLog(): { log: Logger; lines: { msg: string; until?: string; reason?: string }[] } {
    const lines: { msg: string; until?: string; reason?: string }[] = [];
    return {
      lines,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) }),
    };
  }

  it.each(['link_disabled', 'too_many_websockets'] as const)(
    'sent away after each hello (%s): opened a few times in some seconds, said once a try, and back when it is over',
    async (reason) => {
      const workspace = await startTestWorkspace({ rateLimits: false });
      const { log: kept, lines } = keptLog();
      const { sockets, app } = receivers(workspace.apiUrl, { log: kept });
      try {
        await app.start();
        await until('both sockets', () => sockets.open === 2);
        const before = workspace.faults.calls('apps.connections.open');
        workspace.refuseConnections(reason);
        await pause(3_000);
        // 100 + 200 + 400 + 800 ms …: without the growing wait some forty.
        expect(workspace.faults.calls('apps.connections.open') - before).toBeLessThanOrEqual(12);
        expect(sockets.troubles.join()).toContain(reason);
        expect(lines.some((line) => line.reason === reason && line.msg.includes('Slack sends the bot away'))).toBe(
          true,
        );
        workspace.refuseConnections(null);
        await until('both sockets again', () => sockets.open === 2 && workspace.connectionCount() === 2);
        expect(sockets.troubles).toEqual([]);
      } finally {
        await app.stop();
        await workspace.stop();
      }
    },
  );

  it('the wait starts anew once a connection has lived for a while', secondTry(A_WAIT), async () => {
    const workspace = await startTestWorkspace({ rateLimits: false });
    const { sockets, app } = receivers(workspace.apiUrl, { steadyMs: 100 });
    try {
      await app.start();
      for (let times = 0; times < 6; times += 1) {
        await until('both sockets', () => sockets.open === 2 && workspace.connectionCount() === 2);
        await pause(150);
        workspace.refreshConnections('cut');
        await until('the cut', () => sockets.open < 2);
      }
      const startMs = performance.now();
      await until('both sockets', () => sockets.open === 2);
      expect(performance.now() - startMs).toBeLessThan(1_500);
    } finally {
      await app.stop();
      await workspace.stop();
    }
  });

  it('a limit on opening is waited out by all, and logged with its end', secondTry(A_WAIT), async () => {
    const workspace = await startTestWorkspace({ rateLimits: false });
    const { log: kept, lines } = keptLog();
    workspace.faults.set('apps.connections.open', { kind: 'limited', retryAfterS: 2 });
    const { sockets, app } = receivers(workspace.apiUrl, { log: kept });
    try {
      const startMs = Date.now();
      const started = Promise.resolve(app.start());
      await until('the limit', () => sockets.troubles.some((trouble) => trouble.startsWith('ratelimited')));
      workspace.faults.set('apps.connections.open', null);
      await started;
      expect(Date.now() - startMs).toBeGreaterThan(1_900);
      expect(workspace.faults.calls('apps.connections.open')).toBeLessThanOrEqual(4);
      const line = lines.find(({ until: end }) => end !== undefined);
      expect(Math.abs(Date.parse(line?.until ?? '') - startMs - 2_000)).toBeLessThan(500);
      await until('both sockets', () => sockets.open === 2);
    } finally {
      await app.stop();
      await workspace.stop();
    }
  });

  it('a socket without a hello is given up', async () => {
    const workspace = await startTestWorkspace({ rateLimits: false });
    workspace.refuseConnections('silent');
    const { sockets, app } = receivers(workspace.apiUrl, { helloWithinMs: 300 });
    try {
      const started = Promise.resolve(app.start());
      await until('a second try', () => workspace.faults.calls('apps.connections.open') > 2);
      workspace.refuseConnections(null);
      await started;
      await until('both sockets', () => sockets.open === 2);
    } finally {
      await app.stop();
      await workspace.stop();
    }
  });

  it('stop in their time amid an opening that hangs', secondTry(A_WAIT), async () => {
    const workspace = await startTestWorkspace({ rateLimits: false });
    workspace.refuseConnections('silent');
    const { app } = receivers(workspace.apiUrl, { helloWithinMs: 6_000 });
    try {
      void app.start();
      await until('both tries', () => workspace.faults.calls('apps.connections.open') === 2);
      const startMs = performance.now();
      await app.stop();
      expect(performance.now() - startMs).toBeLessThan(4_000);
    } finally {
      await workspace.stop();
    }
  });
});
