import { afterEach, describe, expect, test } from 'vitest';
import { fixedCredential } from '../../workers/credentials/fixed-for-tests.ts';
import { apnsProvider } from '../../workers/lanes/provider.ts';
import { meet } from '../../workers/probe/meet.ts';
import { primeTemplate } from '../../workers/send/templates.ts';
import { binaryOf, startForeign } from './foreign-servers.ts';
import type { ForeignServer } from './foreign-servers.ts';

/* The probe against servers that nobody here wrote; each is skipped where it is not installed. */

const running: ForeignServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function meetOne(name: 'nginx' | 'nghttpd', own: string[] = []) {
  const server = await startForeign(name, { own });
  running.push(server);
  const meeting = await meet({
    provider: apnsProvider(),
    url: server.url,
    ca: server.ca,
    credential: fixedCredential(),
    template: primeTemplate('ios', 'lane-probe', 'com.example.lingo'),
    device: 'a'.repeat(64),
  });
  await server.end();
  return { meeting, seen: await server.seen() };
}

describe.skipIf(binaryOf('nginx') === null)('nginx', () => {
  test('is described, and sees one push', async () => {
    const { meeting, seen } = await meetOne('nginx');
    expect(meeting).toMatchObject({
      finding: null,
      tls: { version: 'TLSv1.3', resumes: true },
      http2: { streams: 128, windowBytes: 65_536, obeysTable: true },
      push: { status: 200, server: expect.stringContaining('nginx') as string },
    });
    expect(seen).toEqual([`${'a'.repeat(64)} 200`]);
  });

  test.each([
    ['return 302 https://login.example.com/;', 'REDIRECTS', /302, to https:\/\/login\.example\.com\//],
    ['return 503;', 'FRONT_END', /503, an HTML page “503 Service Temporarily Unavailable”, server nginx/],
    ['return 404;', 'NOT_THERE', /404, an HTML page “404 Not Found”, server nginx/],
    ['return 444;', 'RESET', /reset the push/],
  ])('%s', async (own, code, words) => {
    const { meeting } = await meetOne('nginx', [own]);
    expect(meeting.finding).toEqual({ code, say: expect.stringMatching(words) as string });
  });
});

describe.skipIf(binaryOf('nghttpd') === null)('nghttpd', () => {
  test('has no such path, and sees one push', async () => {
    const { meeting, seen } = await meetOne('nghttpd');
    expect(meeting).toMatchObject({
      finding: { code: 'NOT_THERE' },
      http2: { streams: 100 },
      push: { status: 404, server: expect.stringContaining('nghttpd') as string },
    });
    expect(seen).toHaveLength(1);
  });
});
