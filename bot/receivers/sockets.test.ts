import { App } from '@slack/bolt';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { person, SECRETS, startTestWorkspace, until } from '../../infra/local/slack/for-tests.ts';
import { slackLogger } from '../slack-client.ts';
import { SocketReceivers } from './sockets.ts';

const log = pino({ level: 'silent' });

function receivers(apiUrl: string): { sockets: SocketReceivers; app: App } {
  const sockets = new SocketReceivers({ appToken: SECRETS.appToken, apiUrl, connections: 2, logger: slackLogger(log), log, nowMs: () => Date.now() });
  const app = new App({ token: SECRETS.botToken, receiver: sockets, logger: slackLogger(log), clientOptions: { slackApiUrl: apiUrl }, tokenVerificationEnabled: false });
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

  it.each(['cut', 'refresh_requested'] as const)('come back after %s, and commands are answered all the while by the other', async (how) => {
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
  });

  it('stop at once while Slack is away', async () => {
    const first = await startTestWorkspace();
    await first.stop();
    const { app } = receivers(first.apiUrl);
    void app.start();
    const startMs = performance.now();
    await app.stop();
    expect(performance.now() - startMs).toBeLessThan(1_800);
  });
});
